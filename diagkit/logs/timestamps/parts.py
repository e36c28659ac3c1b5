"""What the patterns of time stamps are made of.

All use the same names for their groups: y, yy, mon, d, h, m, s, f (fraction of a second), half (AM or PM), zone.
"""

from __future__ import annotations

NAMES = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
ABBREVIATIONS = (  # of zones; a list, because any three capitals may be a word of the message: POST, EXIT
    "UTC|GMT|WET|WEST|CET|CEST|EET|EEST|MSK|MSD|BST|IST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|AKST|AKDT|HST|JST|KST|HKT|SGT|"
    "ICT|WIB|PHT|PKT|NPT|NZST|NZDT|AEST|AEDT|ACST|ACDT|AWST|SAST|EAT|CAT|WAT|BRT|ART|CLT|COT|PET|TRT|GST|AST|ADT|NST|NDT"
)
WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
LEVEL = "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRIT|CRITICAL|FATAL|SEVERE|ALERT|EMERG|PANIC"

YEAR, YY = "(?P<y>(?:19|20|21)[0-9]{2})", "(?P<yy>[0-9]{2})"
MONTH, MON = "(?P<mon>0[1-9]|1[0-2])", f"(?P<mon>{NAMES}|{NAMES.upper()})"
DAY, DAY2 = "(?P<d>[ 0-3]?[0-9])", "(?P<d>[0-3][0-9])"

FRACTION = "(?P<f>[0-9]{1,9})"
HMS = f"(?P<h>[0-2][0-9]):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9]|60)(?:[.,]{FRACTION})?"
HMS1 = HMS.replace("[0-2][0-9]", "[ 012]?[0-9]", 1)  # one digit of the hour will do
HMS_COMPACT = "(?P<h>[0-2][0-9])(?P<m>[0-5][0-9])(?P<s>[0-5][0-9])"
HALF = r"(?:(?:[ \u202f]|\xe2\x80\xaf)?(?P<half>[AP]M|[ap]m))?"  # Java puts a narrow blank before it

OFFSET = "[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?"
ZONE = rf"(?P<zone>[Zz]| ?{OFFSET}(?![0-9]|:[0-9])| (?:{ABBREVIATIONS})\b)?"
PLACE = rf"(?P<zone>Z| ?{OFFSET}| ?(?:{ABBREVIATIONS})\b| [A-Z][A-Za-z]+/[A-Za-z_/-]+)?"
# the first four letters of a zone, half of the day or year that may follow a stamp
CONTINUATIONS = {
    *(f" {name[:3]}".encode() for name in ABBREVIATIONS.split("|")),
    *(f" {sign}{hours:02}".encode() for sign in "+-" for hours in range(15)),
    *(f" {half}{after}".encode() for half in ("AM", "PM", "am", "pm") for after in " ])>:,"),
    *(f" {year}".encode() for year in range(190, 220)),
}

# Dates with the time of day that stand in many places.
ISO = rf"{YEAR}-{MONTH}-{DAY2}(?:[T_\t-]|[ ]{{1,2}}){HMS1}{ZONE}(?![0-9]|[+-][0-9]{{2}})"
SLASHED = rf"{YEAR}[/.]{MONTH}[/.]{DAY2}[ T-]{HMS1}{ZONE}"
BSD = rf"{MON} {{1,2}}{DAY}(?: {YEAR})? {HMS}(?: (?P<y2>(?:19|20|21)[0-9]{{2}})(?= :|:))?{ZONE}"
CTIME = rf"{WEEKDAY},? {MON} {{1,2}}{DAY} {HMS1}{HALF}{PLACE}(?: {YEAR})?"
CLF = rf"{DAY2}/{MON}/{YEAR}[: ]{HMS}{PLACE}"
DAY_FIRST = rf"{DAY} {MON}(?: {YEAR})? {HMS}{ZONE}"

# What may come before a stamp and after it.
COLOUR = r"(?:\x1b\[[0-9;]*m)*"
PRIORITY = "(?:<[0-9]{1,3}>(?:1 )?)?"
OPENING, CLOSING = r"[\[(]?", r"[\])]?(?:[:,](?= |$))?[ \t]?"
CLOSING_STRICT = r"[\])>]?(?::(?= |$))?(?: |$)"
