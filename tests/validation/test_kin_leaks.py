"""Names make a question, and only where the family consists of leaks."""

from __future__ import annotations

from tael.validation import kin_of_leaks


def asked(columns: list[str], leaks: list[str]) -> list[str]:
    return [finding.column for finding in kin_of_leaks(columns, leaks)]


def test_the_last_of_a_family() -> None:
    columns = ["hardship_flag", "hardship_sum", "hardship_on", "amount"]
    (found,) = kin_of_leaks(columns, columns[1:3])
    assert (found.code, found.column, found.level, found.strength) == ("TAEL-L11", "hardship_flag", "ask", 1.0)
    assert "hardship_sum" in found.text("en")
    assert "hardship_sum" in found.text("zh")


def test_a_family_of_mostly_honest_columns_is_not_asked_about() -> None:
    honest = ["total_acc", "total_bal", "total_limit", "total_lines"]
    assert asked([*honest, "total_paid", "total_rec_int"], ["total_paid", "total_rec_int"]) == []


def test_one_leak_is_no_family_unless_two_words_are_shared() -> None:
    assert asked(["loan_amount", "loan_status"], ["loan_status"]) == []
    assert asked(["last_pay_sum", "last_pay_on"], ["last_pay_on"]) == ["last_pay_sum"]


def test_a_word_that_stands_in_leaks_alone() -> None:
    leaks = ["last_pymnt_d", "total_pymnt", "next_pymnt_d"]
    assert asked(["pymnt_plan", "plan", *leaks], leaks) == ["pymnt_plan"]
    assert asked(["pymnt_plan", "first_pymnt", "old_pymnt", *leaks], leaks) == []


def test_families_grow() -> None:
    """The last payment's amount belongs to its day, and then the last score to the family of what was last."""
    columns = ["last_pay_on", "last_pay_sum", "last_read_on", "last_score", "score"]
    assert asked(columns, ["last_pay_on", "last_read_on"]) == ["last_pay_sum", "last_score"]


def test_words_may_be_written_together() -> None:
    assert asked(["HelpFlag", "helpSum", "help_on"], ["helpSum", "help_on"]) == ["HelpFlag"]
    assert asked(["a", "b", ""], []) == []
