"""Catalogues of translations hold every text, whole, as the program has it."""

import re
from pathlib import Path
from string import Formatter

import pytest

from netdsl.core.text import english, join_or, ntext, text
from netdsl.core.translation import ENGLISH, FOLDER, LANGUAGES, speaking, system_language, translate
from tests.locale.messages import compiled, missing, originals, place, translations, update, written

OTHERS = sorted(LANGUAGES.keys() - {ENGLISH})


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_is_up_to_date(language: str) -> None:
    """`python -m tests.locale.messages` brings it up to date."""
    catalogue = update(language)
    assert place(language).read_bytes() == written(catalogue)
    assert place(language).with_suffix(".mo").read_bytes() == compiled(catalogue)


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_fields_and_the_code_of_its_template(language: str) -> None:
    wrong = [
        f"{message.id}: {translation}"
        for message in update(language)
        for translation in translations(message)
        if message.id and translation and _fields(translation) not in map(_fields, originals(message))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    assert missing(update(language)) == []


def _fields(template: str) -> list[tuple[str, str]]:
    if re.search(r"`[{}]`", template):
        return []  # it speaks of a brace, and is never filled
    return sorted((name, form or "") for _, name, form, _ in Formatter().parse(template) if name is not None)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "de_DE"}, "en"),
        ({"LANG": "en_GB.UTF-8", "NETDSL_LANG": "zh"}, "zh"),
        ({"LANG": "zh_TW", "NETDSL_LANG": "en"}, "en"),
    ],
)
def test_the_language_is_what_the_user_has_set(environment: dict[str, str], language: str) -> None:
    assert system_language(environment) == language


def test_a_text_is_made_in_the_language_that_is_spoken_and_knows_its_english() -> None:
    with speaking("zh"):
        one = text("error: {message}", message=text("no such file: `{file}`", file="a.net"))
        several = ntext("{count} error", "{count} errors", count=2)
        assert translate("this stands in no catalogue") == "this stands in no catalogue"
    assert (one, several) == ("错误：没有这个文件：`a.net`", "2 个错误")
    assert (english(one), english(several)) == ("error: no such file: `a.net`", "2 errors")
    assert english("plain") == "plain"


def test_a_list_has_the_marks_of_its_language() -> None:
    with speaking("zh"):
        one = text("write {words}", words=join_or(["`a`", text("a number"), "`c`"]))
        assert str(one).endswith("`a`、一个数 或 `c`")
    assert english(one) == "write `a`, a number or `c`"


def test_every_language_has_a_folder() -> None:
    assert sorted(path.name for path in Path(FOLDER).iterdir() if path.is_dir()) == OTHERS
