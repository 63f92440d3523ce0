"""Spanish. Decimals follow a comma; in the regions of America that write a point, a point."""

from __future__ import annotations

import re
from datetime import date

from prompts.aloud.called import called
from prompts.aloud.language import Before, Read, Short, Wording
from prompts.aloud.moments import clock, figures
from prompts.spoken import words as names
from prompts.spoken.language import Form, Noun
from prompts.spoken.spanish import SPANISH

_ORDINAL = re.compile(r"([0-9]{1,3})\.?(?:(º|ª|°)|(er|do|to|ra|da|ta)\b\.?)(?!\w)")
_FEMININE = frozenset({"ª", "ra", "da", "ta"})


def year_words(year: int) -> str:
    """Dos mil veintiséis."""
    return names.cardinal("es", year)


def day_words(day: date, before: str) -> str:
    """Uno de diciembre, and what joins it to the year."""
    return f"{names.cardinal('es', day.day)} de {names.month('es', day.month)}"


def _ordinal(wording: Wording, text: str, at: int) -> Read | None:
    """``1.º``, ``3ª``, ``1er``, ``3.er``: before a noun "primer", "tercer"."""
    found = _ORDINAL.match(text, at)
    if found is None or found[1] == "0" or (at and text[at - 1].isalnum()):
        return None
    words = names.ordinal("es", int(found[1]))
    sign = found[2] or found[3]
    if sign in _FEMININE:
        words = f"{words.removesuffix('o')}a"
    elif re.compile(r" [^\W\d_]").match(text, found.end()) and words.endswith(("primero", "tercero")):
        words = words.removesuffix("o")
    return Read(words, found.end())


_ALWAYS = {
    "p. ej.": "por ejemplo", "p.ej.": "por ejemplo", "etc.": "etcétera", "Ud.": "usted", "Uds.": "ustedes",
    "Vd.": "usted", "tel.": "teléfono", "tfno.": "teléfono", "teléf.": "teléfono", "av.": "avenida",
    "avda.": "avenida", "c/": "calle", "aprox.": "aproximadamente", "máx.": "máximo", "mín.": "mínimo",
    "EE. UU.": "Estados Unidos", "EE.UU.": "Estados Unidos", "Cía.": "compañía", "dpto.": "departamento",
    "izda.": "izquierda", "dcha.": "derecha", "pza.": "plaza", "lun.": "lunes", "mié.": "miércoles",
    "jue.": "jueves", "vie.": "viernes", "sáb.": "sábado",
}  # fmt: skip
_ENDING = frozenset({"etc.", "EE. UU.", "EE.UU.", "Uds.", "Ud."})
_TITLES = {
    "Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Sres.": "señores", "Dr.": "doctor", "Dra.": "doctora",
    "Dña.": "doña", "D.ª": "doña", "Prof.": "profesor", "Lic.": "licenciado", "Ing.": "ingeniero",
}  # fmt: skip
_NUMBERED = {
    "n.º": "número", "nº": "número", "n°": "número", "núm.": "número", "ext.": "extensión", "pág.": "página",
    "art.": "artículo",
}  # fmt: skip
_COUNTED = (
    Noun("años", "año", many="de años"),
    Noun("meses", "mes", many="de meses"),
    Noun("clientes", "cliente", many="de clientes"),
    Noun("mensajes", "mensaje", many="de mensajes"),
    Noun("pedidos", "pedido", many="de pedidos"),
    Noun("puntos", "punto", many="de puntos"),
    Noun("personas", "persona", many="de personas", form=Form.FEMININE),
    Noun("llamadas", "llamada", many="de llamadas", form=Form.FEMININE),
    Noun("citas", "cita", many="de citas", form=Form.FEMININE),
    Noun("facturas", "factura", many="de facturas", form=Form.FEMININE),
    Noun("noches", "noche", many="de noches", form=Form.FEMININE),
)
"""What is counted in the texts of calls, and whose gender the number takes."""
_WEEK, _TIMES = Noun("semanas", "semana", form=Form.FEMININE), Noun("veces", "vez", form=Form.FEMININE)


def _wording(decimal: str, groups: str) -> Wording:
    return Wording(
        spoken=SPANISH,
        decimal=decimal,
        groups=groups,
        shorts={
            **{short: Short(words, ends=short in _ENDING) for short, words in _ALWAYS.items()},
            **{short: Short(words, Before.NUMBER) for short, words in _NUMBERED.items()},
            "dom.": Short("domingo", Before.SPAN),
            **{short: Short(words) for short, words in _TITLES.items()},
            "D.": Short("don", Before.NAME),
        },
        signs={
            "&": "y",
            "%": "por ciento",
            "‰": "por mil",
            "@": "arroba",
            "§": "sección",
            "§§": "secciones",
            "€": "euros",
            "$": "dólares",
            "£": "libras",
            "¥": "yenes",
            "½": "medio",
            "¼": "un cuarto",
            "¾": "tres cuartos",
            "°": "grados",
            "=": "igual a",
            "№": "número",
        },
        units={
            "%": Noun("por ciento"),
            "km/h": Noun("kilómetros por hora", "kilómetro por hora"),
            "°C": Noun("grados centígrados", "grado centígrado"),
            "km": Noun("kilómetros", "kilómetro"),
            "m": Noun("metros", "metro"),
            "cm": Noun("centímetros", "centímetro"),
            "mm": Noun("milímetros", "milímetro"),
            "kg": Noun("kilogramos", "kilogramo"),
            "g": Noun("gramos", "gramo"),
            "l": Noun("litros", "litro"),
            "kWh": Noun("kilovatios hora", "kilovatio hora"),
            "h": SPANISH.units["hour"],
            "h.": SPANISH.units["hour"],
            "min": SPANISH.units["minute"],
            "min.": SPANISH.units["minute"],
            "s": SPANISH.units["second"],
            "semana": _WEEK,
            "semanas": _WEEK,
            "vez": _TIMES,
            "veces": _TIMES,
            **{name: noun for noun in _COUNTED for name in (noun.one, noun.other) if name},
            "x": _TIMES,
            "MB": Noun("megabytes", "megabyte"),
            "GB": Noun("gigabytes", "gigabyte"),
        },
        to="a",
        per="por",
        digits_after=frozenset("pin código clave extensión".split()),
        years_after=frozenset(),
        year_words=lambda year: f"de {year_words(year)}",
        day_words=day_words,
        rules=(
            called(
                "112|911|0[0-9]{2}",
                "(?:marque|marcar|marca|llame|llamar|llama)(?: (?:al|el))?",
                "o|y|al|o al|y al|o el|y el",
            ),
            figures(r"(?P<day>[0-9]{1,2})[/-](?P<month>[0-9]{1,2})[/-](?P<year>[0-9]{4}|[0-9]{2})"),
            clock(r"(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2}) ?(?:horas|h)"),
            clock(r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"),
            _ordinal,
        ),
        phone=re.compile(r"[6-9][0-9]{1,2}(?: [0-9]{2,3}){2,3}(?!\w|[.,][0-9])"),
    )


SPANISH_WORDING = _wording(",", ". ")
POINT_WORDING = _wording(".", ", ")
