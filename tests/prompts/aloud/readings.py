"""How texts are read: language, as it is written, as it is read. Each line was judged by eye."""

from __future__ import annotations

READINGS = (
    (
        "en",
        "Dr. Smith lives at 5 St. James St. & pays 12.5% of $1,250.50 by 2026-12-01 at 14:30.",
        (
            "Doctor Smith lives at five Saint James Street and pays twelve point five percent of one "
            "thousand two hundred fifty dollars and fifty cents by December first twenty twenty-six at two "
            "thirty p.m."
        ),
    ),
    (
        "en",
        "Professor Dr. Brown vs. Mrs. Green, e.g. at No. 7. No. Not there.",
        "Professor Doctor Brown versus Missis Green, for example at number seven. No. Not there.",
    ),
    ("en", "That is not on Main St. Please call us, etc.", "That is not on Main Street. Please call us, et cetera."),
    ("en", "Visit St. James on Mulholland Dr. Then stop.", "Visit Saint James on Mulholland Drive. Then stop."),
    (
        "en",
        "Call +44 20 7946 0958 or 1-800-555-0199 or (555) 010-1234.",
        (
            "Call plus four four, two zero, seven nine four six, zero nine five eight or one, eight zero "
            "zero, five five five, zero one nine nine or five five five, zero one zero, one two three four."
        ),
    ),
    (
        "en",
        "$1.5 million, $1,000, €20, £3.05, EUR 20, 20 EUR, 1 euro, -$5.50, 50 cents",
        (
            "one point five million dollars, one thousand dollars, twenty euros, three pounds and five "
            "pence, twenty euros, twenty euros, one euro, minus five dollars and fifty cents, fifty cents"
        ),
    ),
    (
        "en",
        "Open 9am-5pm, 8:00\u201318:00, Mon.-Fri., 9 a.m. to 12 p.m.",
        "Open nine a.m. to five p.m., eight o'clock to six p.m., Monday to Friday, nine a.m. to noon",
    ),
    (
        "en",
        "9:05, 12:00, 0:15, 14:30, 25:00, 9:65",
        "nine oh five, twelve o'clock, twelve fifteen a.m., two thirty p.m., 25:00, 9:65",
    ),
    (
        "en",
        "December 1, 2026, Dec. 24, 1st May 2027, 12/01/2026, 31/12/2026, 99/99/2026",
        (
            "December first twenty twenty-six, December twenty-fourth, May first twenty twenty-seven, "
            "December first twenty twenty-six, December thirty-first twenty twenty-six, 99/99/2026"
        ),
    ),
    ("en-GB", "01/12/2026", "December first twenty twenty-six"),
    (
        "en",
        "since 1984, in 2026, room 2026, 1,984",
        (
            "since nineteen eighty-four, in twenty twenty-six, room two thousand twenty-six, one thousand "
            "nine hundred eighty-four"
        ),
    ),
    (
        "en",
        "Press 1, 2 or 0; then #, * or 30 s. Wait 1 min.",
        "Press one, two or zero; then hash, star or thirty seconds. Wait one minute.",
    ),
    (
        "en",
        "Your code is 0042, your reference 12345678, of 1000000.",
        (
            "Your code is zero zero four two, your reference one two three, four five six, seven eight, of "
            "one million."
        ),
    ),
    ("en", "The 3rd, the 21st, the 112th.", "The third, the twenty-first, the one hundred and twelfth."),
    ("en", "versions 1.2.3, 192.168.0.1, 1,2, A4, B2B, 4K", "versions 1.2.3, 192.168.0.1, 1,2, A4, B2B, 4K"),
    (
        "en",
        "AT&T, Q&A, and/or, 24/7, 1/2 hour, ½ hour, §5, 20°C, 100 km/h, -5 degrees",
        (
            "AT and T, Q and A, and or, twenty-four seven, one half hour, one half hour, section five, "
            "twenty degrees Celsius, one hundred kilometers an hour, minus five degrees"
        ),
    ),
    (
        "en",
        "info@example.com, www.example.com/help, https://shop.example.com.",
        "info at example dot com, W. W. W. dot example dot com slash help, shop dot example dot com.",
    ),
    (
        "de",
        ("Dr. Müller wohnt in der Hauptstr. 5 & zahlt 12,5% von 1.250,50 € bis zum 01.12.2026 um 14:30 Uhr."),
        (
            "Doktor Müller wohnt in der Hauptstraße fünf und zahlt zwölf Komma fünf Prozent von eintausend "
            "zweihundert fünfzig Euro und fünfzig Cent bis zum ersten Dezember zweitausendsechsundzwanzig um "
            "vierzehn Uhr dreißig."
        ),
    ),
    (
        "de",
        "Rufen Sie +49 30 123456 an, z.B. zwischen 9 und 17 Uhr, Nr. 7, § 5, usw. Danach die 1.",
        (
            "Rufen Sie plus vier neun, drei null, eins zwei drei vier fünf sechs an, zum Beispiel zwischen "
            "neun und siebzehn Uhr, Nummer sieben, Paragraph fünf, und so weiter. Danach die eins."
        ),
    ),
    (
        "de",
        "Drücken Sie die 3. Danach die 1. Für Verkauf die 2.",
        "Drücken Sie die drei. Danach die eins. Für Verkauf die zwei.",
    ),
    (
        "de",
        "Im 3. Stock, der 2. Versuch, 1. Mahnung, am 1. Dezember, der 3. Mai 2027, Dienstag, 1.12.2026",
        (
            "Im dritten Stock, der zweite Versuch, erste Mahnung, am ersten Dezember, der dritte Mai "
            "zweitausendsiebenundzwanzig, Dienstag, ersten Dezember zweitausendsechsundzwanzig"
        ),
    ),
    (
        "de",
        "Mo.-Fr. 9-17 Uhr, 8.30 Uhr, 1984 Kunden, im Jahr 1984",
        (
            "Montag bis Freitag neun bis siebzehn Uhr, acht Uhr dreißig, eintausendneunhundertvierundachtzig "
            "Kunden, im Jahr neunzehnhundertvierundachtzig"
        ),
    ),
    (
        "de",
        "1 Minute, 1 Stunde, 2 Std., 1 Euro, 1 €, 1,50 Euro, 1,5 Mio. €, 2 %, -3 °C, 5 km",
        (
            "eine Minute, eine Stunde, zwei Stunden, ein Euro, ein Euro, ein Euro und fünfzig Cent, eins "
            "Komma fünf Millionen Euro, zwei Prozent, minus drei Grad Celsius, fünf Kilometer"
        ),
    ),
    (
        "de",
        "Fr. Müller in St. Pauli, und/oder info@beispiel.de",
        "Frau Müller in Sankt Pauli, und oder info ät beispiel Punkt de",
    ),
    (
        "de",
        "030/123456, 0800 123 456, 10 000 €, 1\u2019000 Franken",
        (
            "null drei null, eins zwei drei vier fünf sechs, null acht null null, eins zwei drei, vier fünf "
            "sechs, zehn tausend Euro, eintausend Franken"
        ),
    ),
    ("de-AT", "am 24.12.", "am vierundzwanzigsten Dezember"),
    (
        "es",
        "El Dr. Pérez, c/ Mayor nº 5, p. ej. 12,5 % de 1.250,50 € el 01/12/2026 a las 14:30 h.",
        (
            "El doctor Pérez, calle Mayor número cinco, por ejemplo doce coma cinco por ciento de mil "
            "doscientos cincuenta euros con cincuenta céntimos el uno de diciembre de dos mil veintiséis a "
            "las catorce horas y treinta minutos."
        ),
    ),
    (
        "es",
        "Llame al 91 123 45 67 o al 900 123 456, EE. UU., Sr. D. Juan",
        (
            "Llame al nueve uno, uno dos tres, cuatro cinco, seis siete o al nueve cero cero, uno dos tres, "
            "cuatro cinco seis, Estados Unidos, señor don Juan"
        ),
    ),
    (
        "es",
        "1.º piso, 1er piso, 3ª planta, 1 hora, 21 días, 1 vez, siglo XIV, 8:00-18:00, 21 libras",
        (
            "primer piso, primer piso, tercera planta, una hora, veintiún días, una vez, siglo XIV, ocho "
            "horas a dieciocho horas, veintiuna libras"
        ),
    ),
    (
        "es-MX",
        "$1,250.50 y 12.5 %",
        "mil doscientos cincuenta dólares con cincuenta centavos y doce coma cinco por ciento",
    ),
    (
        "fr",
        "Le Dr Dupont, M. Durand et Mme Petit, 12,5 % de 1 250,50 € le 01/12/2026 à 14h30, n° 5, etc.",
        (
            "Le docteur Dupont, monsieur Durand et madame Petit, douze virgule cinq pour cent de mille deux "
            "cents cinquante euros et cinquante centimes le premier décembre deux mille vingt-six à quatorze "
            "heures trente, numéro cinq, et cetera."
        ),
    ),
    (
        "fr",
        "Appelez le 01 23 45 67 89, de 9h à 17h30, le 1er mai, le 1 mai, la 2e fois, la 1re, 1 fois",
        (
            "Appelez le zéro un, vingt-trois, quarante-cinq, soixante-sept, quatre-vingt-neuf, de neuf "
            "heures à dix-sept heures trente, le premier mai, le premier mai, la deuxième fois, la première, "
            "une fois"
        ),
    ),
    (
        "fr",
        "21 heures, 1 minute, 10 000 €, tapez 1 ou 2. non. Louis XIV",
        "vingt et une heures, une minute, dix mille euros, tapez un ou deux. non. Louis XIV",
    ),
    (
        "de",
        (
            "Geöffnet 8.30\u201317.00 Uhr, von 9.00 bis 12.30 Uhr. 24-Stunden-Hotline, vor 3 Tagen, 2 x täglich, "
            "COVID-19"
        ),
        (
            "Geöffnet acht Uhr dreißig bis siebzehn Uhr, von neun Uhr bis zwölf Uhr dreißig. "
            "vierundzwanzig-Stunden-Hotline, vor drei Tagen, zwei mal täglich, COVID-neunzehn"
        ),
    ),
    (
        "de",
        ("Das kostet 14 Ct./Min. bzw. 0,14 €/Min., max. 42 Cent. GmbH & Co. KG, z. Zt., Nr.5, S. 12, Hr. Dr. Meier"),
        (
            "Das kostet vierzehn Cent pro Minute beziehungsweise vierzehn Cent pro Minute, maximal "
            "zweiundvierzig Cent. GmbH und Co. KG, zur Zeit, Nummer fünf, Seite zwölf, Herr Doktor Meier"
        ),
    ),
    (
        "de",
        "PIN 1234, 3.4. bis 5.4., 10.000, 1.000.000 €, 0,5 %, Bahnhofstr. 12a",
        (
            "PIN eins zwei drei vier, dritter April bis fünften April, zehntausend, eine Million Euro, null "
            "Komma fünf Prozent, Bahnhofstraße 12a"
        ),
    ),
    (
        "en",
        (
            "Press +1, 0-9, 2x, v2.0, 3.5mm, 10%, US$20, 50¢, #1, 1990s, 80's, July 4th, July 4, 2026 at "
            "9am. Chapter 3. The end."
        ),
        (
            "Press plus one, zero to nine, two times, v2.0, three point five millimeters, ten percent, "
            "twenty dollars, fifty cents, number one, 1990s, 80's, July fourth, July fourth twenty "
            "twenty-six at nine a.m. Chapter three. The end."
        ),
    ),
    (
        "en",
        (
            "Calls cost 14 cents/min. Our ZIP 94103, B-12, 5th Ave. and 42nd St., P.O. Box 12, 9-1-1, 2+2=4, "
            "it's 5 o'clock"
        ),
        (
            "Calls cost fourteen cents a minute. Our ZIP nine four one zero three, B-twelve, fifth Avenue "
            "and forty-second Street, P.O. Box twelve, nine, one, one, two plus two equals four, it's five "
            "o'clock"
        ),
    ),
    (
        "en",
        "Your balance: -12.50. Change: +3.5%. From 1-5 p.m., Sat.-Sun., $5/month, for 3 months",
        (
            "Your balance: minus twelve point five zero. Change: plus three point five percent. From one to "
            "five p.m., Saturday to Sunday, five dollars a month, for three months"
        ),
    ),
    (
        "es",
        ("Horario de 9:00 a 14:00 y de 16:30 a 20 h., pulse 1. Extensión 204, tel. 600123456, 3er. piso, 5 €/mes"),
        (
            "Horario de nueve horas a catorce horas y de dieciséis horas y treinta minutos a veinte horas, "
            "pulse uno. Extensión dos cero cuatro, teléfono seis cero cero, uno dos tres, cuatro cinco seis, "
            "tercer piso, cinco euros por mes"
        ),
    ),
    (
        "fr",
        (
            "Ouvert du lun. au ven. de 9 h à 12 h 30. Tél. 0 800 123 456, 1,5 €/min, Mme. Durand, s.v.p., "
            "c.-à-d. 3 fois, 80 %"
        ),
        (
            "Ouvert du lundi au vendredi de neuf heures à douze heures trente. Téléphone zéro, huit zéro "
            "zéro, un vingt-trois, quatre cinquante-six, un euro et cinquante centimes par minute, madame "
            "Durand, s'il vous plaît, c'est-à-dire trois fois, quatre-vingts pour cent"
        ),
    ),
    (
        "de",
        "Mo.-Fr. bitte, Mo.\u2013Fr. Bitte, Mo. bis Fr. Samstags zu, Mi. und Fr. Nur hier, Mo., Mi., Fr. Dann",
        (
            "Montag bis Freitag bitte, Montag bis Freitag. Bitte, Montag bis Freitag. Samstags zu, Mittwoch und "
            "Freitag. Nur hier, Montag, Mittwoch, Freitag Dann"
        ),
    ),
    (
        "de",
        "Hr. und Fr. Müller, am Di. kommt Fr. Meier, Di. Fr. Meier",
        "Herr und Frau Müller, am Dienstag kommt Frau Meier, Dienstag Frau Meier",
    ),
    (
        "en",
        "A 24 hour line, a 30 minute wait, 2 year contract, a 5 dollar fee, 20 euros, 2 years, 1 hours, 3 cent",
        (
            "A twenty-four hour line, a thirty minute wait, two year contract, a five dollar fee, twenty euros, "
            "two years, one hour, three cent"
        ),
    ),
    (
        "en",
        "1 hour, 1 dollar, 1 week, 1 cent, 5.50 dollar",
        "one hour, one dollar, one week, one cent, five dollars and fifty cents",
    ),
    (
        "es",
        "1 año, 21 años, 1 persona, 21 personas, 200 personas, 1 llamada, 1 mensaje, 1.000.000 personas, pulse 1",
        (
            "un año, veintiún años, una persona, veintiuna personas, doscientas personas, una llamada, un mensaje, "
            "un millón de personas, pulse uno"
        ),
    ),
    (
        "fr",
        "1 personne, 21 personnes, 1 année, 1 an, 21 semaines, 1 appel, 1 000 000 personnes, tapez 1",
        (
            "une personne, vingt et une personnes, une année, un an, vingt et une semaines, un appel, un million de "
            "personnes, tapez un"
        ),
    ),
    (
        "en",
        "$5k, €3m, $1.5bn, -$2K, £20mn, $5/month, $20USD, $5x",
        (
            "five thousand dollars, three million euros, one billion five hundred million dollars, minus two "
            "thousand dollars, twenty million pounds, five dollars a month, $20USD, $5x"
        ),
    ),
    ("de", "€5k, 20€, €2,5m", "fünf tausend Euro, zwanzig Euro, zwei Millionen fünfhundert tausend Euro"),
    (
        "en",
        "Call 911. Dial 112 or 999 now. Call 3 people, 911 people, call 112 hours, call 911,000 people, call 988",
        (
            "Call nine one one. Dial one one two or nine nine nine now. Call three people, nine hundred eleven "
            "people, call one hundred twelve hours, call nine hundred eleven thousand people, call nine eight eight"
        ),
    ),
    (
        "de",
        "Rufen Sie 112. Notruf 110, die 112 und die 116117 an. Rufen Sie bitte die 110. Die 112 Kunden, die 110 Euro",
        (
            "Rufen Sie eins eins zwei. Notruf eins eins null, die eins eins zwei und die eins eins sechs, eins eins "
            "sieben an. Rufen Sie bitte die eins eins null. Die einhundertzwölf Kunden, die einhundert zehn Euro"
        ),
    ),
    (
        "es",
        "Marque 112, llame al 112 o al 911, marque el 112. Pulse 1, marque 1, 112 clientes",
        (
            "Marque uno uno dos, llame al uno uno dos o al nueve uno uno, marque el uno uno dos. Pulse uno, marque "
            "uno, ciento doce clientes"
        ),
    ),
    ("fr", "Appelez le 112, le 15", "Appelez le cent douze, le quinze"),
    (
        "en",
        "PIN: 4711, Code: 4711, your PIN is 4711. The code is 12 letters long, at: 4711",
        (
            "PIN: four seven one one, Code: four seven one one, your PIN is four seven one one. The code is twelve "
            "letters long, at: four thousand seven hundred eleven"
        ),
    ),
    (
        "de",
        "PIN: 4711, Durchwahl: 23, Ihr Code ist 4711, der Code lautet: 4711, der Code ist 12 Zeichen lang",
        (
            "PIN: vier sieben eins eins, Durchwahl: zwei drei, Ihr Code ist vier sieben eins eins, der Code lautet: "
            "vier sieben eins eins, der Code ist zwölf Zeichen lang"
        ),
    ),
    ("es", "PIN: 4711, su clave es 4711", "PIN: cuatro siete uno uno, su clave es cuatro siete uno uno"),
    (
        "fr",
        "PIN : 4711, votre code est 4711, votre code est le 4711",
        "PIN : quatre sept un un, votre code est quatre sept un un, votre code est le quatre sept un un",
    ),
    (
        "en",
        "Dial *21#, *67 or ##002#. Press *1, #1, (*9) or *21*0171#. 3*4, *word*, * and #",
        (
            "Dial star two one hash, star six seven or hash hash zero zero two hash. Press star one, number one, "
            "(star nine) or star two one star zero one seven one hash. three*four, *word*, star and hash"
        ),
    ),
    (
        "de",
        "Wählen Sie *21#, drücken Sie *1, #1",
        "Wählen Sie Stern zwei eins Raute, drücken Sie Stern eins, Nummer eins",
    ),
    (
        "es",
        "El 3.er piso, 1.er piso, 2.ª planta, D.ª Ana y D. Juan",
        "El tercer piso, primer piso, segunda planta, doña Ana y don Juan",
    ),
    (
        "de",
        "Am 1. und 2. Mai, vom 3. bis 5. Juni, vom 3.-5. Juni, am 1., 2. und 3. Mai 2027, der 1. und der 2. Mai",
        (
            "Am ersten und zweiten Mai, vom dritten bis fünften Juni, vom dritten bis fünften Juni, am ersten, "
            "zweiten und dritten Mai zweitausendsiebenundzwanzig, der erste und der zweite Mai"
        ),
    ),
    (
        "de",
        "Vom 30. April bis 5. Mai, 1. oder 2. Mai. Drücken Sie die 1. Und am 2. Mai",
        ("Vom dreißigsten April bis fünften Mai, erster oder zweiter Mai. Drücken Sie die eins. Und am zweiten Mai"),
    ),
    (
        "en",
        "May 1-3, May 1\u20133, 2027, Dec. 1st to 3rd, 1-3 May 2027, May 1 to 3 pm, May 1-99, May 1 to 10:30",
        (
            "May first to third, May first to third twenty twenty-seven, December first to third, May first to third "
            "twenty twenty-seven, May first to three p.m., May one to ninety-nine, May first to ten thirty"
        ),
    ),
    (
        "en",
        "Open Mon.-Fri. Closed on Sun. Mon. Dec. 5, Mon.-Fri. 9am, Wed., Mon. May 5, Mon.-Fri.",
        (
            "Open Monday to Friday. Closed on Sun. Monday December fifth, Monday to Friday nine a.m., Wednesday, "
            "Monday May fifth, Monday to Friday."
        ),
    ),
    ("de", "Mo.-Fr. Bitte, Sa. und So. Geschlossen", "Montag bis Freitag. Bitte, Samstag und Sonntag. Geschlossen"),
    ("fr", "Du lun. au ven. Fermé", "Du lundi au vendredi. Fermé"),
    ("en", "Dial **62*# or #31#, #12", "Dial star star six two star hash or hash three one hash, number twelve"),
    ("", "", ""),
    (
        "en",
        "The sun. I sat. Ask for Jan. Then Sat.-Sun., Sat. 9am, Jan. 5, Jan. 2026",
        (
            "The sun. I sat. Ask for Jan. Then Saturday to Sunday, Saturday nine a.m., January fifth, "
            "January twenty twenty-six"
        ),
    ),
    (
        "fr",
        "La mer. Un jeu. Du mar. au jeu., le mer. 3 mai",
        "La mer. Un jeu. Du mardi au jeudi, le mercredi trois mai",
    ),
    (
        "de",
        "Es ist so. So. 10-12 Uhr, Sa.-So., Sa. und So. geschlossen",
        "Es ist so. Sonntag zehn bis zwölf Uhr, Samstag bis Sonntag, Samstag und Sonntag geschlossen",
    ),
    ("es", "El dom. 3 y de vie. a dom.", "El domingo tres y de viernes a domingo."),
    (
        "en",
        "In December 2026, Dec. 2026, May 1984, May 5, March 31, 1999",
        (
            "In December twenty twenty-six, December twenty twenty-six, May nineteen eighty-four, May fifth, "
            "March thirty-first nineteen ninety-nine"
        ),
    ),
)
