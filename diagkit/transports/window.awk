# Where in a log file the incident window lies: prints the blocks of 4096 bytes in which it begins and ends.
#
# F (in the environment) is the file, `end` its last block, `since` and `until` the window's bounds in seconds since the
# epoch (until 0: it has no end), `ahead` (+hhmm) the host's zone, `now` and `year` tell when this is asked. Looks at one
# place after the other, in steps that double from the end and then halve, with one process each: a file of any size
# takes some ten. A place without a time counts as inside, so a log that has none is all window.
#
# Plain POSIX awk: it runs under gawk, mawk (no {n} in patterns, integers of 31 bits) and busybox.

BEGIN {
  split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names)
  for (number in names) month[names[number]] = number
  two = "[0-9][0-9]"
  clock = two ":" two ":" two
  name = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
  slack = 60 # seconds by which lines may be out of order
  if (until) {
    search(until + slack, 64)
    end = inside
  }
  search(since - slack, 0)
  print outside, end
}

# Sets `outside`, a block before which all is older than that time, and `inside`, one after which nothing is. They are
# `exact` blocks apart; or, if that is 0, by a quarter of what lies behind them: to read that is cheaper than to look.
function search(time, exact,   step, middle) {
  inside = outside = end
  for (step = 64; outside > 0; step *= 2) {
    outside = (end > step) ? end - step : 0
    if (outside == 0 || older(outside, time)) break
    inside = outside
  }
  while (inside - outside > 16 && inside - outside > (exact ? exact : (end - inside) / 4)) {
    middle = int((inside + outside) / 2)
    if (older(middle, time)) outside = middle
    else inside = middle
  }
}

# Whether the first line after this block's beginning that says when it was written is older than that.
function older(place, time,   command, line, lines, at) {
  command = "dd if=\"$F\" bs=4096 skip=" place " count=8 2>\"$null\""
  at = -1
  while (at < 0 && (command | getline line) > 0)
    if (lines++) at = written(substr(line, 1, line ~ /^[ \t]*[{]/ ? 400 : 100))
  close(command)
  return at >= 0 && at < time
}

# When a line says it was written, in seconds since the epoch; -1 where it does not.
function written(line,   text, rest) {
  if (line ~ ("^" two two two two two "[^0-9]")) return substr(line, 1, 10) + 0
  if (match(line, /audit\([0-9]/)) return substr(line, RSTART + 6, 10) + 0
  if (!match(line, clock)) return -1
  rest = substr(line, RSTART + 8)
  text = substr(line, 1, RSTART + 7)
  if (match(text, "[12][0-9]" two "[-/]" two "[-/]" two "[T ]" clock)) # ISO 8601, nginx
    return at_zone(substr(text, RSTART, 4), substr(text, RSTART + 5, 2), substr(text, RSTART + 8, 2), text, rest)
  if (match(text, two "[/ -]" name "[/ -][12][0-9]" two "[ :]" clock)) # Redis, PHP-FPM, access logs
    return at_zone(substr(text, RSTART + 7, 4), month[substr(text, RSTART + 3, 3)], substr(text, RSTART, 2), text, rest)
  if (match(text, name " [ 0-9][0-9] " clock)) # syslog, Apache
    return in_year(month[substr(text, RSTART, 3)], substr(text, RSTART + 4, 2), text, rest)
  if (match(text, "^[IWEF][01][0-9]" two " +" clock)) # Kubernetes
    return in_year(substr(text, 2, 2), substr(text, 4, 2), text, rest)
  return -1
}

# The year is the one after the clock, if there is one, else the last that is not in the future.
function in_year(m, d, text, rest,   at) {
  if (match(rest, "^[.0-9]* [12][0-9]" two "[]]")) return at_zone(substr(rest, RLENGTH - 4, 4), m, d, text, "")
  at = at_zone(year, m, d, text, rest)
  return (at > now + 86400) ? at_zone(year - 1, m, d, text, rest) : at
}

# The clock is at the end of the text; the rest may say a zone.
function at_zone(y, m, d, text, rest,   h, zone) {
  m += 0 # a number from now on
  if (m < 3) { y--; m += 12 }
  h = length(text) - 7
  zone = ahead
  if (match(rest, /^[.,0-9]* ?(Z|UTC|GMT)/)) zone = "+0000"
  else if (match(rest, /^[.,0-9]* ?[-+][0-9][0-9]:?[0-9][0-9]/)) {
    zone = substr(rest, 1, RLENGTH)
    sub(/^[.,0-9 ]*/, "", zone)
    sub(/:/, "", zone)
  }
  return (365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * m - 457) / 5) + d - 719469) * 86400 \
    + substr(text, h, 2) * 3600 + substr(text, h + 3, 2) * 60 + substr(text, h + 6, 2) \
    - (substr(zone, 1, 1) "1") * (substr(zone, 2, 2) * 3600 + substr(zone, 4, 2) * 60)
}
