# What ends in time, whatever hangs: a part of the words of every round, see round.sh.
#
# One process watches all that may hang, and one more lets its seconds tick by, in the pipe where the others tell it who
# they are. (A timeout(1) for each would be two processes for each; and it is not everywhere.) What is told is read at
# once, so the pipe is never full. Where a pipe cannot be opened anew (no /proc), `deadline` does it.

tick() {
  while sleep 1; do echo; done
}

# The pipe is our input, and at 8 for all that is started from here.
open_posts() {
  posts=
  [ -p /proc/self/fd/0 ] && exec 8<>/proc/self/fd/0 && posts=open
}

# post PLACE PID SECONDS: this process is to be killed then, unless another takes its place. post PLACE: or nobody does.
post() {
  [ "$posts" ] && echo "$*" >&8
}

# Until everything has to end. A tick is an empty line.
watch() {
  places=
  while read -r place pid seconds; do
    if [ "$place" ]; then
      case " $places " in
        *" $place "*) ;;
        *) places="$places $place" ;;
      esac
      eval "pid_$place=$pid left_$place=$seconds"
      continue
    fi
    D=$((D - 1))
    [ $D -gt 0 ] || $end
    for place in $places; do
      eval "pid=\$pid_$place left=\$((left_$place -= 1))"
      [ "$pid" ] && [ "$left" -lt 0 ] && kill -9 "$pid" && eval "pid_$place="
    done
  done
}

# within SECONDS COMMAND...: becomes the command. In a process of its own.
within() {
  [ "$posts" ] || deadline "$@"
  seconds=$1
  shift
  for task in /proc/self/task/*; do # there is one, and its name is short
    post "$place" "${task##*/}" "$seconds"
  done
  exec "$@" 8>&- 9>&-
}

# A command in the background would get /dev/null as its input, so the input is handed over by number.
deadline() {
  seconds=$1
  shift
  exec 5<&0
  "$@" <&5 5<&- &
  child=$!
  exec 5<&-
  { sleep "$seconds"; kill -9 $child; } <$input >$null 2>&1 4>&- &
  killer=$!
  wait $child
  set -- $?
  kill $killer
  exit $1
}
