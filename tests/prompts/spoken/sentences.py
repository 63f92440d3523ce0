"""Values and the sentences that a native speaker accepts for them, joined from their pieces: en, de, es, fr."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from prompts.spoken import Kind, Value

Row = tuple[Value, str, str, str, str]

NUMBERS: list[Row] = [
    (0, "zero", "null", "cero", "zéro"),
    (1, "one", "eins", "uno", "un"),
    (21, "twenty-one", "einundzwanzig", "veintiuno", "vingt et un"),
    (71, "seventy-one", "einundsiebzig", "setenta y uno", "soixante et onze"),
    (80, "eighty", "achtzig", "ochenta", "quatre-vingts"),
    (100, "one hundred", "einhundert", "cien", "cent"),
    (101, "one hundred one", "einhundert eins", "ciento uno", "cent un"),
    (
        234,
        "two hundred thirty-four",
        "zweihundert vierunddreißig",
        "doscientos treinta y cuatro",
        "deux cents trente-quatre",
    ),
    (1_000, "one thousand", "eintausend", "mil", "mille"),
    (21_000, "twenty-one thousand", "einundzwanzig tausend", "veintiún mil", "vingt et un mille"),
    (100_000, "one hundred thousand", "einhundert tausend", "cien mil", "cent mille"),
    (101_000, "one hundred one thousand", "einhundert ein tausend", "ciento un mil", "cent un mille"),
    (1_000_000, "one million", "eine Million", "un millón", "un million"),
    (2_000_001, "two million one", "zwei Millionen eins", "dos millones uno", "deux millions un"),
    (31_000_000, "thirty-one million", "einunddreißig Millionen", "treinta y un millones", "trente et un millions"),
    (10**9, "one billion", "eine Milliarde", "mil millones", "un milliard"),
    (2 * 10**9, "two billion", "zwei Milliarden", "dos mil millones", "deux milliards"),
    (
        "-1.05",
        "minus one point zero five",
        "minus eins Komma null fünf",
        "menos uno coma cero cinco",
        "moins un virgule zéro cinq",
    ),
    (0.1 + 0.2, "zero point three", "null Komma drei", "cero coma tres", "zéro virgule trois"),
    (Decimal("3.0000000004"), "three", "drei", "tres", "trois"),
    (1e6, "one million", "eine Million", "un millón", "un million"),
    (Decimal("2.50"), "two point five zero", "zwei Komma fünf null", "dos coma cinco cero", "deux virgule cinq zéro"),
]

ORDINALS: list[Row] = [
    (1, "first", "erste", "primero", "premier"),
    (3, "third", "dritte", "tercero", "troisième"),
    ("21", "twenty-first", "einundzwanzigste", "vigésimo primero", "vingt et unième"),
    (101, "one hundred first", "einhundert erste", "centésimo primero", "cent unième"),
    (200, "two hundredth", "zweihundertste", "ducentésimo", "deux centième"),
]

DATES: list[Row] = [
    (
        "2026-12-01",
        "Tuesday December first twenty twenty-six",
        "Dienstag den ersten Dezember zwei tausend sechsundzwanzig",
        "martes uno de diciembre de dos mil veintiséis",
        "mardi premier décembre deux mille vingt-six",
    ),
    (
        date(1984, 5, 21),
        "Monday May twenty-first nineteen eighty-four",
        "Montag den einundzwanzigsten Mai neunzehnhundert vierundachtzig",
        "lunes veintiuno de mayo de mil novecientos ochenta y cuatro",
        "lundi vingt et un mai mille neuf cents quatre-vingt-quatre",
    ),
    (
        datetime(1900, 1, 31, 23, tzinfo=UTC),
        "Wednesday January thirty-first nineteen hundred",
        "Mittwoch den einunddreißigsten Januar neunzehnhundert",
        "miércoles treinta y uno de enero de mil novecientos",
        "mercredi trente et un janvier mille neuf cents",
    ),
    (
        "2005-03-02T10:00",
        "Wednesday March second two thousand five",
        "Mittwoch den zweiten März zwei tausend fünf",
        "miércoles dos de marzo de dos mil cinco",
        "mercredi deux mars deux mille cinq",
    ),
    (
        "1905-03-02",
        "Thursday March second nineteen oh five",
        "Donnerstag den zweiten März neunzehnhundert fünf",
        "jueves dos de marzo de mil novecientos cinco",
        "jeudi deux mars mille neuf cents cinq",
    ),
]

TIMES: list[Row] = [
    ("14:30", "two thirty p.m.", "vierzehn Uhr dreißig", "catorce horas y treinta minutos", "quatorze heures trente"),
    ("01:00", "one a.m.", "ein Uhr", "una hora", "une heure"),
    (
        time(21, 1),
        "nine oh one p.m.",
        "einundzwanzig Uhr eins",
        "veintiuna horas y un minuto",
        "vingt et une heures une",
    ),
    ("00:00", "midnight", "null Uhr", "cero horas", "zéro heure"),
    (datetime(2026, 12, 1, 12, 0, tzinfo=UTC), "noon", "zwölf Uhr", "doce horas", "douze heures"),
    (
        "2026-12-01T12:05:30+01:00",
        "twelve oh five p.m.",
        "zwölf Uhr fünf",
        "doce horas y cinco minutos",
        "douze heures cinq",
    ),
    (
        "00:41",
        "twelve forty-one a.m.",
        "null Uhr einundvierzig",
        "cero horas y cuarenta y un minutos",
        "zéro heure quarante et une",
    ),
]

EUROS: list[Row] = [
    (1, "one euro", "ein Euro", "un euro", "un euro"),
    ("1.01", "one euro and one cent", "ein Euro und ein Cent", "un euro con un céntimo", "un euro et un centime"),
    (
        "-12.50",
        "minus twelve euros and fifty cents",
        "minus zwölf Euro und fünfzig Cent",
        "menos doce euros con cincuenta céntimos",
        "moins douze euros et cinquante centimes",
    ),
    (
        Decimal("0.99"),
        "ninety-nine cents",
        "neunundneunzig Cent",
        "noventa y nueve céntimos",
        "quatre-vingt-dix-neuf centimes",
    ),
    (0, "zero euros", "null Euro", "cero euros", "zéro euro"),
    ("-0.001", "zero euros", "null Euro", "cero euros", "zéro euro"),
    (
        1234.56,
        "one thousand two hundred thirty-four euros and fifty-six cents",
        "eintausend zweihundert vierunddreißig Euro und sechsundfünfzig Cent",
        "mil doscientos treinta y cuatro euros con cincuenta y seis céntimos",
        "mille deux cents trente-quatre euros et cinquante-six centimes",
    ),
    (
        121,
        "one hundred twenty-one euros",
        "einhundert einundzwanzig Euro",
        "ciento veintiún euros",
        "cent vingt et un euros",
    ),
    (10**6, "one million euros", "eine Million Euro", "un millón de euros", "un million d'euros"),
    (
        1_500_000,
        "one million five hundred thousand euros",
        "eine Million fünfhundert tausend Euro",
        "un millón quinientos mil euros",
        "un million cinq cents mille euros",
    ),
]

MONEY: list[tuple[Value, str, str, str, str, str]] = [
    (
        "21.01",
        "GBP",
        "twenty-one pounds and one penny",
        "einundzwanzig Pfund und ein Penny",
        "veintiuna libras con un penique",
        "vingt et une livres sterling et un penny",
    ),
    (
        200_000,
        "GBP",
        "two hundred thousand pounds",
        "zweihundert tausend Pfund",
        "doscientas mil libras",
        "deux cents mille livres sterling",
    ),
    (
        "3.05",
        "USD",
        "three dollars and five cents",
        "drei Dollar und fünf Cent",
        "tres dólares con cinco centavos",
        "trois dollars et cinq centimes",
    ),
    (1, "CHF", "one Swiss franc", "ein Schweizer Franken", "un franco suizo", "un franc suisse"),
    (1, "CAD", "one Canadian dollar", "ein kanadischer Dollar", "un dólar canadiense", "un dollar canadien"),
    (
        2,
        "AUD",
        "two Australian dollars",
        "zwei australische Dollar",
        "dos dólares australianos",
        "deux dollars australiens",
    ),
    (5, "PLN", "five zlotys", "fünf Zloty", "cinco eslotis", "cinq zlotys"),
    (
        1500.4,
        "JPY",
        "one thousand five hundred yen",
        "eintausend fünfhundert Yen",
        "mil quinientos yenes",
        "mille cinq cents yens",
    ),
]

DURATIONS: list[Row] = [
    (
        200,
        "three minutes and twenty seconds",
        "drei Minuten und zwanzig Sekunden",
        "tres minutos y veinte segundos",
        "trois minutes et vingt secondes",
    ),
    ("60", "one minute", "eine Minute", "un minuto", "une minute"),
    (0, "zero seconds", "null Sekunden", "cero segundos", "zéro seconde"),
    (
        3_661.2,
        "one hour one minute and one second",
        "eine Stunde eine Minute und eine Sekunde",
        "una hora un minuto y un segundo",
        "une heure une minute et une seconde",
    ),
    (
        86_400 * 21 + 7_200,
        "twenty-one days and two hours",
        "einundzwanzig Tage und zwei Stunden",
        "veintiún días y dos horas",
        "vingt et un jours et deux heures",
    ),
]

DIGITS: list[Row] = [
    ("4071", "four zero seven one", "vier null sieben eins", "cuatro cero siete uno", "quatre zéro sept un"),
    (
        "12-3 4",
        "one two | three | four",
        "eins zwei | drei | vier",
        "uno dos | tres | cuatro",
        "un deux | trois | quatre",
    ),
    (7, "seven", "sieben", "siete", "sept"),
]

PHONES: list[Row] = [
    (
        "+33142685300",
        "plus three three | one | four two | six eight | five three | zero zero",
        "plus drei drei | eins | vier zwei | sechs acht | fünf drei | null null",
        "más tres tres | uno | cuatro dos | seis ocho | cinco tres | cero cero",
        "plusse trente-trois | un | quarante-deux | soixante-huit | cinquante-trois | zéro zéro",
    ),
    (
        "(0142) 68-53",
        "zero one four two | six eight | five three",
        "null eins vier zwei | sechs acht | fünf drei",
        "cero uno cuatro dos | seis ocho | cinco tres",
        "zéro un quarante-deux | soixante-huit | cinquante-trois",
    ),
    (
        "1234567",
        "one two three | four five six seven",
        "eins zwei drei | vier fünf sechs sieben",
        "uno dos tres | cuatro cinco seis siete",
        "douze | trente-quatre | cinquante-six | sept",
    ),
]

SPELLED: list[Row] = [
    (
        "aB-7 x@y.z",
        "A. B. dash seven | X. at Y. dot Z.",
        "A. B. Bindestrich sieben | X. ät Y. Punkt Z.",
        "a be guion siete | equis arroba i griega punto zeta",
        "a bé tiret sept | ixe arobase i grec point zède",
    ),
    ("é", "E.", "E.", "e", "e accent aigu"),
    ("ñ", "N.", "N.", "eñe", "enne"),
    (42, "four two", "vier zwei", "cuatro dos", "quatre deux"),
]

SENTENCES: list[tuple[Kind, str | None, Row]] = [
    *((Kind.NUMBER, None, row) for row in NUMBERS),
    *((Kind.ORDINAL, None, row) for row in ORDINALS),
    *((Kind.DATE, None, row) for row in DATES),
    *((Kind.TIME, None, row) for row in TIMES),
    *((Kind.MONEY, "EUR", row) for row in EUROS),
    *((Kind.MONEY, row[1], (row[0], *row[2:])) for row in MONEY),
    *((Kind.DURATION, None, row) for row in DURATIONS),
    *((Kind.DIGITS, None, row) for row in DIGITS),
    *((Kind.PHONE, None, row) for row in PHONES),
    *((Kind.SPELLED, None, row) for row in SPELLED),
]
