"""An English error, finished, is recognised and told in Chinese; what is not known stays English."""

from __future__ import annotations

import pytest

from tael.errors import RunError, ScenarioError, TablesError, TaelError
from tael.reports.errors_zh import chinese, chinese_error


def test_all_parts_have_chinese_labels() -> None:
    error = TablesError(
        "Columns named in the schema are not in the table.",
        expected="amuont (role label and ignore may be absent)",
        got="id, amount",
        where="table loans, file loans.csv",
        fix='Put amuont into the table, or take what names it out of [loans] in tables.toml. Did you mean "amount"?',
    )
    assert chinese_error(error).split("\n") == [
        "数据约定中写明的列不在表中。",
        "  应为：amuont（角色为 label 或 ignore 的列可以没有）",
        "  实为：id, amount",
        "  位置：表 loans，文件 loans.csv",
        "  建议：请把 amuont 加入表中，或在 tables.toml 的 [loans] 中删去引用它的内容。是否指“amount”？",
    ]


def test_what_is_not_known_stays_english_and_whole() -> None:
    error = RunError("The moon is too full.", got="3 of 4 moons that are full", fix="Wait. Or do not.")
    assert chinese_error(error).split("\n") == [
        "The moon is too full.",
        "  实为：3 of 4 moons that are full",
        "  建议：Wait. Or do not.",
    ]


def test_a_sentence_is_never_told_by_half() -> None:
    assert chinese("There is no such folder. The moon is full.") is None
    assert chinese("The moon is full. There is no such folder.") is None


def test_what_came_is_not_translated_where_it_is_one_word() -> None:
    assert chinese("numbers") == "数值"
    assert chinese_error(TaelError("No such column.", got="numbers")).endswith("实为：numbers")


def test_errors_within_an_error_are_told_too() -> None:
    one = TablesError(
        "Some values in a number column are no numbers.",
        got="2 values: row 2 (line 3) 'x', row 30 'y', ...",
        where="table loans, column amount",
    )
    other = TablesError("A file is not there.", got="in the folder: x.csv", where="table people")
    both = TablesError(f"2 tables cannot be read.\n\n{one}\n\n{other}\n", fix="Do what each of them says.")
    assert chinese_error(both).split("\n") == [
        "2 张表无法读取。",
        "",
        "数值列中有些取值不是数字。",
        "  实为：2 个取值：第 2 行（文件第 3 行） 'x'，第 30 行 'y', ...",
        "  位置：表 loans，列 amount",
        "",
        "文件不存在。",
        "  实为：文件夹中有：x.csv",
        "  位置：表 people",
        "",
        "  建议：请按每条的提示处理。",
    ]


def test_the_further_faults_of_a_file_are_told_line_by_line() -> None:
    where = "a b/scenario.toml\n            also model.folds: 'a' or 'b'\n            and 3 more"
    error = ScenarioError("The scenario has a value of the wrong form.", expected="greater than 0", where=where)
    assert chinese_error(error).split("\n") == [
        "场景中有取值的形式不对。",
        "  应为：大于 0",
        "  位置：a b/scenario.toml",
        "        还有 model.folds：'a' 或 'b'",
        "        另有 3 处",
    ]


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("3 of 10 weights are missing, infinite or negative.", "10 个权重中有 3 个缺失、无穷大或为负。"),
        ("3 of 10 curves are missing, infinite or negative.", "10 个 curves 中有 3 个缺失、无穷大或为负。"),
        ("The phases of the moon do not match the applicants.", None),
        ("Known: a, b, c ....", "已有：a, b, c 等。"),
        ("The formula is too long.", "公式太长。"),
    ],
)
def test_parts_are_told_inside_their_sentence(text: str, zh: str | None) -> None:
    assert chinese(text) == zh


def test_what_came_one_by_one_is_told_one_by_one() -> None:
    error = RunError(
        "There is no column to learn from.", got="x: says the same of every row; id: a key: it names the row"
    )
    assert chinese_error(error).endswith("\n  实为：x：所有行取值相同；id：主键：只标识行")
    assert "实为：x: is odd; y: is odd" in chinese_error(RunError("No.", got="x: is odd; y: is odd"))
