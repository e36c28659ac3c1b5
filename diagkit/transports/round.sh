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
grep_lines=

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

# How to limit a command's time: `$within 5 df -P`. --foreground keeps it in our process group, where the end of the
# connection finds it. And how to hold so many bytes back until all are there: `$hold bs=4096`, in one process where dd
# knows how to.
choose_tools() {
  hold='dd iflag=fullblock count=1'
  timeout --foreground -s KILL 9 $hold bs=1 <$input >$null && within='timeout --foreground -s KILL' && return
  if timeout --foreground -s KILL 9 true; then
    within='timeout --foreground -s KILL'
  elif timeout -s KILL 9 true; then
    within='timeout -s KILL'
  else
    within=deadline
  fi
  $hold bs=1 <$input >$null || hold=hold_back
}

# The same with two processes, for a dd that would not wait for more than the first bytes.
hold_back() {
  head -c "${1##bs=}" | tail -c "${1##bs=}"
}

# Once a connection. Only mildly nice: beside six busy loops on one processor (and no autogroups) a round that takes 2.2 s
# takes 3.1 s at nice 5; at nice 19 it takes 22 s, and answers are missing.
prepare() {
  [ "$prepared" = $$ ] && return
  prepared=$$ watchdog=
  choose_tools
  renice -n 5 -p $$ >$null
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
# so does everything. A client that vanishes without a word is covered by the watchdog.
begin() {
  prepare
  # shellcheck disable=SC2064 # $end is known now
  trap "$end" EXIT HUP INT TERM PIPE
  [ "$watchdog" ] && kill "$watchdog"
  { sleep "$D"; $end; } <$input >$null &
  watchdog=$!
  clock
  mark S $uptime
}

# Limits a command's time where there is no timeout(1), or one that does not know -s (busybox before 1.30). A command
# in the background would get /dev/null as its input, so the input is handed over by number.
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
  return $1
}

# run ID SECONDS COMMAND...: the command substitution catches standard error; standard output goes past it, to 4.
# Without limit where SECONDS is 0.
run() {
  id=$1 seconds=$2
  shift 2
  clock
  mark B "$id" $uptime
  case $1 in
    */*) ;;
    *) command -v "$1" >$null || set -- '' "$1: not found" ;;
  esac
  if [ "$1" ]; then
    # shellcheck disable=SC2086 # words
    [ "$seconds" = 0 ] || set -- $within "$seconds" "$@"
    complaint=$("$@" 2>&1 >&4 4>&-)
    code=$?
  else
    complaint=$2 code=127
  fi
  clock
  mark E "$id" $code $uptime
  printf '%.8192s' "$complaint"
}

# lines ID SECONDS PATH...: every line of every file, each after its file's name. The reader's own environment, which
# holds the separator, is read where one question's files end and the next one's begin. busybox knows no -a.
lines() {
  id=$1 seconds=$2
  shift 2
  [ "$grep_lines" ] || case $(grep -a -m 1 . <$input 2>&1 >$null) in
    '') grep_lines=-aH ;;
    *) grep_lines=-H ;;
  esac
  run "$id" "$seconds" env -i "$S" PATH="$PATH" grep $grep_lines '' "$@"
}

# newest ID SECONDS BYTES COMMAND...: like run, but only the last bytes of what it says.
newest() {
  id=$1 seconds=$2 bytes=$3
  shift 3
  clock
  mark B "$id" $uptime
  complaint=$({ $within "$seconds" "$@" 4>&- | tail -c "$bytes" >&4; } 2>&1)
  clock
  mark E "$id" 0 $uptime
  printf '%.8192s' "$complaint"
}

# files ID READER BYTES PATH...: many files for the price of one process. After each it reads its own environment, which
# holds the separator. (It is not the mark: `ps` may show it for a moment.) A path that is there but is no regular file (a FIFO would block, a device may act)
# is bent so that it cannot be opened.
files() {
  id=$1 reader=$2 bytes=$3
  shift 3
  for path; do
    shift
    [ -f "$path" ] || [ ! -e "$path" ] || path=/dev/null/$path
    set -- "$@" "$path" /proc/self/environ
  done
  clock
  mark B "$id" $uptime
  if [ -r /proc/self/environ ]; then
    complaint=$(env -i "$S" PATH="$PATH" "$reader" -q -c "$bytes" "$@" 2>&1 >&4 4>&-)
  else
    complaint=$(one_by_one "$@" 2>&1 >&4)
  fi
  code=$?
  clock
  mark E "$id" $code $uptime
  printf '%.65536s' "$complaint"
}

# The same where there is no /proc.
one_by_one() {
  for path; do
    case $path in
      /proc/self/environ) printf '%s\000PATH=\000' "$S" ;;
      *) "$reader" -c "$bytes" "$path" ;;
    esac
  done
}

# deliver LANE: the end of a lane's pipeline. Nothing arrives before the lane has ended, and the first that does is the
# empty line before a mark. Then the one byte in the pipe at 9 is the right to write to standard output. Where a pipe
# cannot be opened anew (no /proc), lanes take turns instead.
deliver() {
  read -r _
  [ "$turns" ] || read -r _ <&9
  echo
  cat
  mark L "$1"
  [ "$turns" ] || echo >&9
}

# as_root QUESTIONS: asks them through sudo where it wants no password. Root's processes are beyond our reach, so root's
# shell watches for our end itself: its input stays open as long as our process group lives.
as_root() {
  [ "$(id -u)" != 0 ] && command -v sudo >$null || return 1
  {
    {
      printf '%s\n' 'diagkit() {' "M=$M S=$S" 'exec 3<&0 4>&1' "$L" "{ read -r _ <&3; $end; } <$input >$null 4>&- &" \
        'watch=$!' "exec <$input 3<&-" choose_tools "$1" 'kill -9 $watch' '}' diagkit
      exec sleep "$D"
    } 4>&- 9>&- &
  } | sudo -n sh -s
}
