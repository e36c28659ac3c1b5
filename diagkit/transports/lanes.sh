# Questions side by side: a part of the words of every round, see round.sh.
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
