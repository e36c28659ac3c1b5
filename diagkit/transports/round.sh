# The words in which diagkit asks: sent to the machine's own /bin/sh at the start of a round, followed by the questions.
#
# Plain POSIX sh: it runs under dash, bash and busybox ash. It writes no file, and whatever it starts may hang for ever
# without stopping the rest. Python sets, before these lines: M (the mark, "diagkit=<random>"), S (the separator, likewise),
# D (seconds until the client gives up) and L (these very lines, to be handed to root's shell). Comments and indentation
# are not sent. watch.sh and lanes.sh follow: what may hang, and how one answer does not wait for another.
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
  ended $code 65536
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
