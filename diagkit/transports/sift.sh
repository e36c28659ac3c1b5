# Those lines of a log that may matter, selected on the machine: sent after round.sh where somebody asks for it.
#
# Python sets, before these lines: PIECES (what one of has to be in a line, one in each line) and EXPRESSION (the same as
# one regular expression), SINCE and UNTIL (of the window, in seconds since the epoch; UNTIL is 0 where it ends now), NOW
# and YEAR (when this is asked), and WINDOW (the program that finds the window).
#
# An answer is one stream, compressed where there is gzip. What is said of a file (S is the separator of round.sh):
#   S size start end    its size in bytes; the blocks in which the window begins and ends
#   S from to           a part of it: those blocks, of which the lines that passed follow
#   S end               the part is complete
# The newest part comes first, so that whatever ends it, time, bytes or processor time, what was said has no holes.

block=4096 # bytes
first=64   # blocks of the first part; each next one has twice as many, up to `most`
most=1024
busy=2     # seconds of processor time each process may use

# framed ID BYTES COMMAND...: what the command says, as the answer to this question: so many bytes of it, compressed.
framed() {
  prepare_sift
  begun "$1"
  bytes=$2
  shift 2
  complaint=$({ ulimit -t $busy; "$@" 4>&- | squeezed | head -c "$bytes" >&4 4>&-; } 2>&1 8>&-)
  ended 0
}

# Once a shell. GNU grep finds strings four times as fast as one expression. busybox looks for one string after the other,
# which takes 30 times as long; not all of its versions know -a.
prepare_sift() {
  [ "$through" ] && return
  nicely=
  [ "$niced" = $$ ] || ! command -v nice >$null || nicely='nice -n 5'
  case $($nicely grep --help 2>&1) in # a shell may have a grep of its own, which nice does not know
    *BusyBox*) sieve="$S|$EXPRESSION" through='grep -Ei' ;;
    *) sieve="$S
$PIECES" through='grep -aFi' ;;
  esac
  # What the clock was ahead of UTC then; not what it is now, if it was set for the summer since.
  ahead=$(date -d "@$SINCE" +%z || date +%z)
}

squeezed() {
  command -v gzip >$null && exec gzip -1
  exec cat
}

# Whether it is a regular file that we may read (a FIFO would block, a device may act); if not, cat says why.
readable() {
  [ -f "$1" ] && [ -r "$1" ] && return
  [ -e "$1" ] && ! [ -f "$1" ] || cat "$1" >$null
  return 1
}

# passed COMMAND...: the lines of what it says that pass the sieve. The first and the last always do: either may be a piece
# of a line whose other piece is in the next part of the file.
passed() {
  { printf '%s' "$S"; "$@"; printf '%s\n%s end\n' "$S" "$S"; } |
    $nicely $through -e "$sieve" | cut -b 1-$block
}

# sift ID BYTES SECONDS READ NEWEST PATH: READ blocks of the file may be read; its last NEWEST blocks are known.
sift() {
  id=$1 bytes=$2
  shift 2
  framed "$id" "$bytes" sift_file "$@"
}

sift_file() {
  seconds=$1 left=$2 newest=$3 F=$4
  readable "$F" || return
  # shellcheck disable=SC2046 # words: mode, links, owner, group, size
  set -- $(ls -lnL "$F")
  size=$5
  clock
  stop=$((${uptime%.*} + seconds))
  # Some blocks more than are unknown: the line at the border is to be whole, here or there.
  end=$(((size + block - 1) / block - newest + 4))
  [ "$newest" -gt 0 ] && [ $((size / block)) -le "$newest" ] && end=0
  if [ $end -le $first ]; then # what is read in one piece is not searched for where the window begins
    set -- 0 $end
  else
    # shellcheck disable=SC2046
    set -- $(F=$F null=$null awk -v end=$end -v since="$SINCE" -v until="$UNTIL" -v now="$NOW" -v year="$YEAR" \
      -v ahead="$ahead" "$WINDOW")
  fi
  start=$1 end=$2 step=$first
  printf '%s %s %s %s\n' "$S" "$size" "$start" "$end"
  while [ "$end" -gt "$start" ] && [ "$left" -gt 0 ] && [ "${uptime%.*}" -lt $stop ]; do
    [ $step -le "$left" ] || step=$left
    from=$((end - step))
    [ $from -ge "$start" ] || from=$start
    printf '%s %s %s\n' "$S" $from "$end"
    passed dd if="$F" bs=$block skip=$from count=$((end - from)) 2>$null
    end=$from left=$((left - step)) step=$((step * 2))
    [ $step -le $most ] || step=$most
    clock
  done
}

# sift_packed ID BYTES READER READ PATH: the same of the last READ blocks of a file that READER has to unpack.
sift_packed() {
  id=$1 bytes=$2
  shift 2
  framed "$id" "$bytes" unpack "$@"
}

unpack() {
  readable "$3" || return
  printf '%s 0 0 0\n%s 0 0\n' "$S" "$S"
  passed unpacked "$@"
}

unpacked() {
  $nicely "$1" -dc <"$3" | tail -c $(($2 * block))
}

# sift_journal ID BYTES READ BEFORE KIND: the newest READ bytes of what is older than BEFORE: `warnings`, or of all below
# those what passes the sieve. (journalctl --grep takes ten times as long.)
sift_journal() {
  id=$1 bytes=$2 read=$3 before=$4 kind=$5
  framed "$id" "$bytes" older
}

older() {
  case $kind in
    warnings) set -- '' -p warning ;;
    *) set -- "$sieve" -p notice..debug ;;
  esac
  pattern=$1
  shift
  {
    $nicely journalctl --since="@$SINCE" --until="@$before" --no-pager -o short-unix -r "$@"
    printf '%s end %s\n' "$S" $?
  } | $nicely $through -e "$pattern" | head -c "$read" | cut -b 1-$block
}
