"""The languages of texts: which ones a site may list, which ones credence speaks itself, and what a reader gets.

A site lists the languages of its texts in facts.yaml (`languages: [de, en]`), and each title, reason, remedy and note
has all of them. credence's own sentences exist in English and Chinese. A reader asks for one of the site's languages
and gets each text in it, or else in the first of the site's that the text has; where it has none of them, in English. A
reader of a language that the site doesn't list gets what a reader of its first one does.
"""

from __future__ import annotations

OWN_LANGUAGES = ("en", "zh")
"""In which credence's own sentences exist, the standard facts' titles among them. A site that lists no languages has
these."""

Reader = tuple[str, ...]
"""The languages that a reader is given, the first one that a text has: `("en", "de", "zh")`. See `reader_of`."""

LANGUAGES_MAX = 10
"""Languages that a site may list: an author writes each text in all of them."""


_OFTEN_WRITTEN = {
    "cn": "zh",
    "zho": "zh",
    "chi": "zh",
    "jp": "ja",
    "cz": "cs",
    "dk": "da",
    "gr": "el",
    "eng": "en",
    "deu": "de",
    "ger": "de",
    "uk-ua": "uk",
    "中文": "zh",
    "deutsch": "de",
    "français": "fr",
    "español": "es",
}
"""Codes of countries and longer codes that people write for languages, and a few languages' own names."""

LANGUAGE_NAMES = {
    "aa": "Afar",
    "ab": "Abkhazian",
    "af": "Afrikaans",
    "ak": "Akan",
    "am": "Amharic",
    "an": "Aragonese",
    "ar": "Arabic",
    "as": "Assamese",
    "av": "Avaric",
    "ay": "Aymara",
    "az": "Azerbaijani",
    "ba": "Bashkir",
    "be": "Belarusian",
    "bg": "Bulgarian",
    "bi": "Bislama",
    "bm": "Bambara",
    "bn": "Bengali",
    "bo": "Tibetan",
    "br": "Breton",
    "bs": "Bosnian",
    "ca": "Catalan",
    "ce": "Chechen",
    "ch": "Chamorro",
    "co": "Corsican",
    "cs": "Czech",
    "cv": "Chuvash",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German",
    "dv": "Divehi",
    "dz": "Dzongkha",
    "ee": "Ewe",
    "el": "Greek",
    "en": "English",
    "eo": "Esperanto",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian",
    "ff": "Fulah",
    "fi": "Finnish",
    "fj": "Fijian",
    "fo": "Faroese",
    "fr": "French",
    "fy": "Western Frisian",
    "ga": "Irish",
    "gd": "Gaelic",
    "gl": "Galician",
    "gn": "Guarani",
    "gu": "Gujarati",
    "gv": "Manx",
    "ha": "Hausa",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "ht": "Haitian",
    "hu": "Hungarian",
    "hy": "Armenian",
    "id": "Indonesian",
    "ig": "Igbo",
    "is": "Icelandic",
    "it": "Italian",
    "iu": "Inuktitut",
    "ja": "Japanese",
    "jv": "Javanese",
    "ka": "Georgian",
    "kk": "Kazakh",
    "kl": "Kalaallisut",
    "km": "Khmer",
    "kn": "Kannada",
    "ko": "Korean",
    "ku": "Kurdish",
    "ky": "Kyrgyz",
    "lb": "Luxembourgish",
    "ln": "Lingala",
    "lo": "Lao",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "mg": "Malagasy",
    "mi": "Maori",
    "mk": "Macedonian",
    "ml": "Malayalam",
    "mn": "Mongolian",
    "mr": "Marathi",
    "ms": "Malay",
    "mt": "Maltese",
    "my": "Burmese",
    "nb": "Norwegian Bokmål",
    "ne": "Nepali",
    "nl": "Dutch",
    "nn": "Norwegian Nynorsk",
    "no": "Norwegian",
    "oc": "Occitan",
    "om": "Oromo",
    "or": "Oriya",
    "pa": "Punjabi",
    "pl": "Polish",
    "ps": "Pashto",
    "pt": "Portuguese",
    "qu": "Quechua",
    "rm": "Romansh",
    "rn": "Rundi",
    "ro": "Romanian",
    "ru": "Russian",
    "rw": "Kinyarwanda",
    "sc": "Sardinian",
    "sd": "Sindhi",
    "se": "Northern Sami",
    "si": "Sinhala",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sm": "Samoan",
    "sn": "Shona",
    "so": "Somali",
    "sq": "Albanian",
    "sr": "Serbian",
    "st": "Southern Sotho",
    "su": "Sundanese",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "tg": "Tajik",
    "th": "Thai",
    "ti": "Tigrinya",
    "tk": "Turkmen",
    "tl": "Tagalog",
    "tn": "Tswana",
    "to": "Tongan",
    "tr": "Turkish",
    "ts": "Tsonga",
    "tt": "Tatar",
    "ug": "Uyghur",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "uz": "Uzbek",
    "ve": "Venda",
    "vi": "Vietnamese",
    "wo": "Wolof",
    "xh": "Xhosa",
    "yi": "Yiddish",
    "yo": "Yoruba",
    "zh": "Chinese",
    "zu": "Zulu",
}
"""The living languages of ISO 639-1 that people do business in, by code, with the names that messages give them."""


def reader_of(language: str | None, listed: tuple[str, ...]) -> Reader:
    """What a reader of `language` is given where the site lists these; None asks for the site's first.

    `reader_of("en", ("de", "en"))` is `("en", "de", "zh")`; `reader_of("fr", ("de", "en"))` is `("de", "en", "zh")`.
    """
    asked = (language,) if language in listed else ()
    return tuple(dict.fromkeys((*asked, *listed, *OWN_LANGUAGES)))


def own_language(reader: Reader) -> str:
    """In which of credence's own languages this reader is told what credence says itself."""
    return next((language for language in reader if language in OWN_LANGUAGES), OWN_LANGUAGES[0])


def language_meant(written: str) -> str | None:
    """The code that was probably meant by a word that is none: `de` for `DE`, `german`, `German` and `de-AT`."""
    word = written.strip().casefold()
    if word in _OFTEN_WRITTEN:
        return _OFTEN_WRITTEN[word]
    by_name = {name.casefold(): code for code, name in LANGUAGE_NAMES.items()}
    start = word.replace("_", "-").partition("-")[0]
    return by_name.get(word) or (start if start in LANGUAGE_NAMES else None)
