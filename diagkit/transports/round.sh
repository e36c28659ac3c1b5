# The words in which diagkit asks: sent to the machine's own /bin/sh at the start of a round, followed by the questions.
#
# Plain POSIX sh: it runs under dash, bash and busybox ash. It writes no file, and whatever it starts may hang for ever
# without stopping the rest. Python sets, before these lines: M (the mark, "diagkit=<random>"), S (the separator, likewise),
# D (seconds until the client gives up) and L (these very lines, to be handed to root's shell). Comments and indentation
# are not sent.
#
# Every answer is framed by lines that start with the mark, which nobody on the machine can know beforehand:
#   S uptime            the round has started; all that came before is noise of login scripts
#   B id uptime         an answer begins; its bytes follow
#   E id code uptime    it has ended with this exit code; what it said on standard error follows
#   L lane              every answer of this lane has been delivered; the round ends with the last lane

cd /
umask 077
ulimit -f 0 # bytes in files we may write
ulimit -c 0 # bytes of core dumps
ulimit -t 60 # seconds of processor time, each process
unset CDPATH ENV BASH_ENV IFS GREP_OPTIONS
PATH=${PATH:-/usr/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
LC_ALL=C SYSTEMD_COLORS=0 SYSTEMD_PAGER='' PAGER=cat
export PATH LC_ALL SYSTEMD_COLORS SYSTEMD_PAGER PAGER
E=/proc/self/environ

# A machine in trouble may have lost /dev/null, or have a plain file there, which we would fill.
for null in /dev/null /dev/zero /dev/full; do
  [ -c $null ] && [ -r $null ] && [ -w $null ] && break
done
# What the others have to read has no end: whoever reads its input to the end must find one.
input=$null
[ $null = /dev/null ] || [ ! -r /proc/version ] || input=/proc/version
exec 2>$null

# Without any, dash and busybox start nothing in the background: no question would ever be answered.
[ -e /dev/null ] || { : & wait $!; } || {
  echo '/dev/null is missing: this shell can start nothing in the background'
  exit 1
}

# Seconds since boot, without starting a process.
clock() {
  read -r uptime _ </proc/uptime || uptime=0
}

mark() {
  printf '\n%s %s\n' "$M" "$*"
}

# Once a connection.
prepare() {
  [ "$prepared" = $$ ] && return
  prepared=$$ warden= has_ss=
  command -v ss >$null && has_ss=yes
  # The group is ours alone when this shell or the login shell above it leads it; sshd and dropbear see to that.
  read -r stat </proc/$$/stat
  # shellcheck disable=SC2086 # the words after the name in parentheses: state, parent, group
  set -- ${stat##*)}
  case $3 in
    $$ | "$PPID") end='kill -9 0' ;;
    *) end=: ;;
  esac
}

# Our input is the client's life line: the shell comes back to read it as soon as the lanes are started, and when it ends,
# so does everything. A client that vanishes without a word is covered by the warden.
begin() {
  prepare
  # shellcheck disable=SC2064 # $end is known now
  trap "$end" EXIT HUP INT TERM PIPE
  [ "$warden" ] && kill "$warden"
  clock
  mark S $uptime
}

# Only mildly nice: beside six busy loops on one processor (and no autogroups) a round that takes 2.2 s takes 3.1 s at
# nice 5; at nice 19 it takes 22 s, and answers are missing. Not for one lane: it would take longer than most answers.
be_nice() {
  [ "$niced" = $$ ] || { renice -n 5 -p $$ >$null && niced=$$; }
}

# ---------------------------------------------------------------- what ends in time
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

# ---------------------------------------------------------------- questions

begun() {
  id=$1
  clock
  mark B "$id" $uptime
}

# ended CODE [BYTES]: so much of what was complained of goes along.
ended() {
  post "$place"
  clock
  mark E "$id" "$1" $uptime
  printf "%.${2:-8192}s" "$complaint"
}

# run ID SECONDS COMMAND...: the command substitution catches standard error; standard output goes past it, to 4.
run() {
  begun "$1"
  shift
  case $2 in
    */*) ;;
    *) command -v "$2" >$null || set -- '' ;;
  esac
  if [ "$1" ]; then
    complaint=$(within "$@" 2>&1 >&4 4>&-)
    ended $?
  else
    complaint='not found'
    ended 127
  fi
}

# systemd ID SECONDS COMMAND...: run, for systemd's own programs. They load more than any other; where there can be no
# answer, we say what they would say.
systemd() {
  absent=''
  case " $* " in
    *' journalctl '*) journal_kept || absent='No journal files were found.' code=0 ;;
    *) [ -d /run/systemd/system ] || absent="System has not been booted with systemd as init system (PID 1)." code=1 ;;
  esac
  if [ "$absent" ] && command -v systemctl >$null; then
    begun "$1"
    [ $code = 1 ] || echo '-- No entries --' >&4
    complaint=$absent
    ended $code
  else
    run "$@"
  fi
}

# A folder that we may not read may have one.
journal_kept() {
  for folder in /run/log/journal /var/log/journal; do
    [ ! -d $folder ] || [ -r $folder ] || return 0
    for entry in $folder/*; do
      [ -e "$entry" ] && return 0
    done
  done
  return 1
}

# newest ID SECONDS BYTES COMMAND...: only the last bytes of what it says.
newest() {
  begun "$1"
  seconds=$2 bytes=$3
  shift 3
  complaint=$({ within "$seconds" "$@" 4>&- | tail -c "$bytes" >&4 8>&-; } 2>&1)
  ended 0
}

# lines ID SECONDS PATH...: every line of every file, each after its file's name. The reader's own environment, which
# holds the separator, is read where one question's files end and the next one's begin. Not every busybox knows -a.
lines() {
  begun "$1"
  seconds=$2
  shift 2
  for options in -aH -H; do
    complaint=$(within "$seconds" env -i "$S" PATH="$PATH" grep $options '' "$@" 2>&1 >&4 4>&-)
    code=$?
    case $complaint in
      'grep: invalid option'* | 'grep: unrecognized option'*) ;;
      *) break ;;
    esac
  done
  ended $code
}

# files ID SECONDS READER BYTES PATH...: many files for the price of one process. Between them it reads its own
# environment, which holds the separator. (It is not the mark: `ps` may show it for a moment.) A path that is there but is
# no regular file (a FIFO would block, a device may act) is bent so that it cannot be opened.
files() {
  id=$1 seconds=$2 reader=$3 bytes=$4
  shift 4
  odd=
  for path; do
    [ -f "$path" ] || [ ! -e "$path" ] || odd=yes
  done
  [ "$odd" ] && for path; do
    shift
    [ -f "$path" ] || [ ! -e "$path" ] || path=/dev/null/$path
    set -- "$@" "$path"
  done
  begun "$id"
  if [ -r $E ]; then
    complaint=$(within "$seconds" env -i "$S" PATH="$PATH" "$reader" -q -c "$bytes" "$@" 2>&1 >&4 4>&-)
  else
    complaint=$(one_by_one "$@" 2>&1 >&4)
  fi
  ended $? 65536
}

# The same where there is no /proc.
one_by_one() {
  for path; do
    case $path in
      "$E") printf '%s\000PATH=\000' "$S" ;;
      *) "$reader" -c "$bytes" "$path" ;;
    esac
  done
}

# ---------------------------------------------------------------- lanes
#
# QUESTIONS | collect LANE SECONDS | hold BYTES | deliver LANE: what collects is what is killed at the deadline, for a
# command stuck in the kernel cannot be. What holds back keeps the cap, and everything until the lane is done, so that a
# lane is delivered whole. Where little is said, `tell` does all three for a third of the processes.

# One byte in a pipe is the right to write to standard output. Where a pipe cannot be opened anew lanes take turns instead.
open_turns() {
  turns=yes next=wait
  [ -p /proc/self/fd/0 ] && exec 9<>/proc/self/fd/0 && turns='' next=:
}

collect() {
  place=${1}c
  within "$2" cat
}

# A dd that would not wait for more than the first bytes says so before it has read any.
hold() {
  dd iflag=fullblock count=1 bs="$1" || { head -c "$1" | tail -c "$1"; }
}

# Nothing arrives before the lane has ended, and the first that does is the empty line before a mark.
deliver() {
  read -r _
  post "${1}c"
  [ "$turns" ] || read -r _ <&9
  echo
  cat 8>&- 9>&-
  mark L "$1"
  [ "$turns" ] || echo >&9
}

# QUESTIONS | tell LANE SECONDS BYTES: this shell holds what is said in a variable, where no NUL can be. Of the newlines
# at the end one is left.
tell() {
  place=${1}c
  text=$(within "$2" head -c "$3")
  post "$place"
  [ "$turns" ] || read -r _ <&9
  printf '%s\n' "$text"
  mark L "$1"
  [ "$turns" ] || echo >&9
}

# QUESTIONS | alone SECONDS BYTES: nobody else wants to write, so nothing is held back.
alone() {
  place=1c
  (within "$1" head -c "$2")
  post 1c
  mark L 1
}

# Whether we are root, without starting a process.
is_root() {
  effective=
  while read -r key _ effective _; do
    [ "$key" = Uid: ] && break
  done </proc/self/status
  [ "$effective" = 0 ]
}

# as_root QUESTIONS: asks them through sudo where it wants no password. Root's processes are beyond our reach, so root's
# shell watches them, and for our end: its input stays open as long as our process group lives.
as_root() {
  is_root || ! command -v sudo >$null && return 1
  {
    {
      printf '%s\n' 'diagkit() {' "M=$M S=$S D=$D" 'exec 3<&0 4>&1' "$L" "end='$end'" 'questions() {' "$1" '}' rooted '}' diagkit
      exec sleep "$D"
    } 4>&- 8>&- 9>&- &
  } | sudo -n sh -s 8>&- 9>&-
}

# Root's side of it.
rooted() {
  { read -r _ <&3; $end; } <$input >$null 4>&- &
  life=$!
  exec <$input 3<&- # or this shell would wait for more to do
  echo | {
    open_posts
    tick >&8 4>&- &
    ticking=$!
    watch <&8 4>&- >$null &
    exec <$input
    place=0
    questions
    kill -9 $! $ticking $life
  }
}
