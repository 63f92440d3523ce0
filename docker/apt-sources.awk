# The package sources of this machine, one a line: URI, suites, components, Signed-By, separated by tabs.
#
# Reads sources.list(5) in both of its formats, told apart by the file's name as apt does: "*.list" has one source a
# line, "*.sources" has deb822 stanzas. Only binary sources that are switched on are given. An inline key of a
# Signed-By field keeps its lines, joined by "|"; a list of keyrings is joined by spaces.

function give(   i, uri) {
    if (types ~ /(^| )deb( |$)/ && enabled !~ /^(no|false|0|off)$/ && uris != "")
        for (i = split(uris, uri, " "); i >= 1; i--)
            print uri[i] "\t" suites "\t" components "\t" signed
    types = uris = suites = components = signed = enabled = field = ""
}

function one_line(   options, part, count, i) {
    sub(/#.*/, "")
    if ($1 != "deb") return
    options = ""
    if ($2 ~ /^\[/) {
        options = $0
        sub(/^[^[]*\[/, "", options); sub(/\].*/, "", options)
        sub(/\[[^]]*\]/, "")
    }
    types = "deb"; uris = $2; suites = $3
    for (i = 4; i <= NF; i++) components = components (i > 4 ? " " : "") $i
    count = split(options, part, " ")
    for (i = 1; i <= count; i++)
        if (part[i] ~ /^[Ss]igned-[Bb]y=/) {
            signed = substr(part[i], index(part[i], "=") + 1)
            gsub(/,/, " ", signed)
        }
    give()
}

function stanza_line(   value) {
    if ($0 ~ /^#/) return
    if ($0 ~ /^[ \t]*$/) { give(); return }
    if ($0 ~ /^[ \t]/) {
        value = $0
        sub(/^[ \t]+/, "", value); sub(/[ \t]+$/, "", value)
        if (field == "signed-by") signed = signed "|" value
        else if (field == "uris") uris = uris " " value
        else if (field == "suites") suites = suites " " value
        else if (field == "components") components = components " " value
        return
    }
    field = tolower($0); sub(/:.*/, "", field)
    value = $0; sub(/^[^:]*:[ \t]*/, "", value); sub(/[ \t]+$/, "", value)
    gsub(/[ \t]+/, " ", value)
    if (field == "types") types = value
    else if (field == "uris") uris = value
    else if (field == "suites") suites = value
    else if (field == "components") components = value
    else if (field == "signed-by") signed = value
    else if (field == "enabled") enabled = tolower(value)
}

FNR == 1 { if (NR > 1) give() }
{ sub(/\r$/, "") }
FILENAME ~ /\.sources$/ { stanza_line(); next }
{ one_line() }
END { give() }
