from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tael.errors import TablesError
from tael.tables import Role, Schema, Type, read_tables
from tael.tables.contract import check, errors_of
from tael.tables.infer import Draft, infer


def column(draft: Draft, name: str, column: str) -> tuple[dict, str]:
    promise = draft.schema.tables[name].columns[column].model_dump(mode="json", exclude_defaults=True)
    (reason,) = [one.why for one in draft.reasons if (one.table, one.column) == (name, column)]
    return promise, reason


BANK = {
    "customers.csv": "customer_id,born,sex\n" + "".join(f"{i:03},19{60 + i}-01-01,{'MF'[i % 2]}\n" for i in range(30)),
    "loans.csv": "loan_no;customer_id;applied;reported_on;repaid;recovered;due;amount;device_id;is_bad;currency;note\n"
    + "".join(
        f"L{i};{i % 30:03};2024-01-{i % 28 + 1:02};2024-02-{i % 28 + 1:02};"
        + (f"2024-05-0{i % 9 + 1};{i}" if i % 3 else ";")
        + f";2024-06-01;{'NA' if i == 5 else -9 if i % 7 == 0 else i * 10};d{i % 40};{i % 2};CNY;\n"
        for i in range(60)
    ),
    "visits.csv": "device_id,seen at,class\n"
    + "".join(f"d{i % 40},2024-01-01 10:{i:02}:00,x{i % 3}\n" for i in range(60)),
}


@pytest.fixture
def bank(folder: Callable[..., Path]) -> Draft:
    return infer(folder(BANK))


def test_keys_times_and_relations(bank: Draft) -> None:
    customers, loans, visits = (bank.schema.tables[name] for name in ("customers", "loans", "visits"))
    assert (customers.key, customers.time) == ("customer_id", None)
    assert (loans.key, loans.time, loans.known_at, loans.separator) == ("loan_no", "applied", "reported_on", ";")
    assert loans.missing == ("NA",)
    assert (visits.key, visits.time) == (None, "seen_at")
    assert column(bank, "loans", "customer_id") == ({"to": "customers"}, "all values are among the keys of customers")
    assert column(bank, "loans", "device_id")[0] == {"to": "devices"}
    assert column(bank, "visits", "device_id")[0] == {"to": "devices"}
    assert "shared by loans and visits" in column(bank, "visits", "device_id")[1]


@pytest.mark.parametrize(
    ("name", "promise", "reason"),
    [
        ("repaid", {"type": "time", "known_at": "repaid"}, "after applied: not known until then"),
        ("recovered", {"type": "number", "known_at": "repaid"}, "missing exactly where repaid is missing"),
        ("due", {"type": "time"}, "called like a plan"),
        ("amount", {"type": "number", "special": [-9.0]}, "codes for missing"),
        ("is_bad", {"type": "number", "role": "label"}, "called like a label"),
        ("currency", {"role": "ignore"}, "the same value in all rows: CNY"),
        ("note", {"role": "ignore"}, "no value in any row"),
    ],
)
def test_columns(bank: Draft, name: str, promise: dict, reason: str) -> None:
    found, why = column(bank, "loans", name)
    assert found == promise
    assert reason in why


def test_names_that_no_formula_can_hold(bank: Draft) -> None:
    columns = bank.schema.tables["visits"].columns
    assert columns["seen_at"].header == "seen at"
    assert columns["class_"].header == "class"


def test_the_draft_is_the_file_and_the_file_reads(bank: Draft) -> None:
    text = bank.to_toml()
    assert Schema.from_dict(tomllib.loads(text), folder=bank.schema.folder) == bank.schema
    assert '\nkey = "loan_no"' in text
    assert "# unique, never missing, called like one" in text
    path = bank.write(bank.schema.folder)
    tables = read_tables(path)
    assert tables["loans"]["customer_id"][0] == "000"
    assert errors_of(check(tables)) == []
    with pytest.raises(TablesError, match="nothing was written"):
        bank.write(bank.schema.folder)
    assert max(map(len, bank.text().splitlines())) <= 100


def test_encodings_lines_before_and_odd_files(folder: Callable[..., Path]) -> None:
    where = folder(
        {
            "客户.csv": "客户号,姓名,金额\n01,张三,1\n02,李四,2\n".encode("gb18030"),
            "report.csv": "Report of the bank\n\nid,x\n" + "".join(f"{i},{i}\n" for i in range(9)),
            "readme.md": "hello",
        }
    )
    (where / "parts").mkdir()
    pl.DataFrame({"id": [1, 2], "x": [[1], [2]], "y": ["5", "NA"]}).write_parquet(where / "parts" / "a.parquet")
    draft = infer(where)
    assert draft.schema.tables["客户"].encoding == "gb18030"
    assert draft.schema.tables["客户"].key == "客户号"
    assert draft.schema.tables["report"].skip_lines == 2
    assert draft.schema.tables["parts"].file == "parts/*.parquet"
    assert draft.schema.tables["parts"].missing == ("NA",)
    assert draft.schema.tables["parts"].columns["x"].role == Role.IGNORE
    assert draft.skipped == ("readme.md",)
    assert '["客户"]' in draft.to_toml()
    draft.write(where)
    assert read_tables(where)["客户"]["姓名"].to_list() == ["张三", "李四"]


def test_row_numbers_and_files_of_one_column(folder: Callable[..., Path]) -> None:
    draft = infer(folder({"a.csv": ",y\n0,5\n1,6\n", "b.csv": "x y\n1 2\n3 4\n"}))
    promise, reason = column(draft, "a", "column")
    assert promise == {"header": "", "role": "ignore"}
    assert "numbers the rows" in reason
    assert "name the `separator`" in draft.to_toml()


def test_the_ends_of_an_edge(folder: Callable[..., Path]) -> None:
    nodes = "account_id\n" + "".join(f"{i}\n" for i in range(100, 300))
    edges = "sender,target,amount\n" + "".join(f"{100 + i % 7},{100 + i % 11},{i}\n" for i in range(60))
    draft = infer(folder({"accounts.csv": nodes, "transfers.csv": edges}))
    ends = draft.schema.tables["transfers"].columns
    assert (ends["sender"].to, ends["target"].to, ends["amount"].to) == ("accounts", "accounts", None)


def test_faults(folder: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(TablesError, match="no tables in the folder"):
        infer(tmp_path)
    with pytest.raises(TablesError, match="folder cannot be read"):
        infer(tmp_path / "nowhere")
    with pytest.raises(TablesError, match="A file is empty"):
        infer(folder({"a.csv": ""}))
    with pytest.raises(TablesError, match="draft could not be written"):
        infer(folder({"a.csv": "x\n1\n"})).write(tmp_path / "nowhere")


def test_superlender(credit_data: Path) -> None:
    draft = infer(credit_data / "superlender")
    people, loans, before = (draft.schema.tables[f"train{name}"] for name in ("demographics", "perf", "prevloans"))
    assert (people.key, people.duplicates, people.time) == ("customerid", "first", None)
    assert "12 rows repeat" in draft.to_toml()
    assert (loans.key, loans.time) == ("systemloanid", "approveddate")
    assert (before.key, before.time) == ("systemloanid", "approveddate")
    assert loans.columns["customerid"].to == before.columns["customerid"].to == "traindemographics"
    assert loans.columns["good_bad_flag"].role == Role.LABEL
    assert before.columns["closeddate"].known_at == "closeddate"
    assert before.columns["firstrepaiddate"].known_at == "firstrepaiddate"
    assert before.columns["firstduedate"].known_at is None
    content = draft.schema.model_copy(update={"folder": None}).to_dict()
    for section in content.values():
        section["file"] = str(credit_data / "superlender" / section["file"])
    tables = read_with(content, credit_data)
    assert tables["traindemographics"].height == 4334
    assert {one.code for one in check(tables)} == {"TAEL-T03", "TAEL-T17"}


def test_berka(credit_data: Path) -> None:
    draft = infer(credit_data / "berka")
    relations = {
        (name, column): promise.to
        for name, table in draft.schema.tables.items()
        for column, promise in table.columns.items()
        if promise.to is not None
    }
    assert relations == {
        ("account", "district_id"): "district",
        ("card", "disp_id"): "disp",
        ("client", "district_id"): "district",
        ("disp", "account_id"): "account",
        ("disp", "client_id"): "client",
        ("loan", "account_id"): "account",
        ("order", "account_id"): "account",
        ("trans_preloan_354", "account_id"): "account",
    }
    keys = [table.key for table in draft.schema.tables.values()]
    assert keys == ["account_id", "card_id", "client_id", "disp_id", "A1", "loan_id", "order_id", "trans_id"]
    assert draft.schema.tables["loan"].columns["date"].format == "%y%m%d"
    assert draft.schema.tables["loan"].columns["status"].role == Role.LABEL
    assert draft.schema.tables["card"].columns["issued"].format == "%y%m%d %H:%M:%S"
    assert draft.schema.tables["district"].missing == ("?",)
    assert draft.schema.tables["order"].columns["account_to"].type == Type.TEXT
    content = draft.schema.model_copy(update={"folder": None}).to_dict()
    tables = read_with(content, credit_data / "berka")
    assert str(tables.ends["loan"]) == "1998-12-08 00:00:00"
    assert check(tables) == []


def read_with(content: dict, where: Path):
    """Read under a schema that lies in no folder."""
    from tael.tables import Tables
    from tael.tables.sources import source_of

    schema = Schema.from_dict(content)
    frames = {name: source_of(table, name).read(table, name, where) for name, table in schema.tables.items()}
    return Tables(frames, schema)


def people_file(zeros: bool) -> str:
    return "客户编号,性别\n" + "".join(f"{i + 1:0{6 if zeros else 1}},{'男女'[i % 2]}\n" for i in range(60))


def chinese(zeros: bool) -> str:
    rows = [
        f'{i % 60 + 1:0{6 if zeros else 1}},A{i},2023/10/{i % 28 + 1},"￥{i * 1234 + 1000:,}.00",{i % 30 + 0.5}%,'
        f"{'0000-00-00' if i % 40 == 0 else f'2023-0{i % 9 + 1}-11'},{'面议' if i % 50 == 0 else i * 3},{i}万,"
        f"{['是', '否', '不详'][i % 3]},{'已委外催收' if i % 9 == 0 else '正常'},{i % 5},备注{i % 4},{i % 60}"
        for i in range(200)
    ]
    header = "客户编号,申请编号,申请日期,金额,利率,开户日,年薪,资产,是否有房,最终状态,历史催收次数,备注,设备号"
    return header + "\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("name", "promise", "reason"),
    [
        (
            "客户编号",
            {"to": "客户", "pad": 6},
            "called like the key of 客户, but 0% of its distinct values are there; 100%",
        ),
        ("申请日期", {"type": "time"}, "spell dates or times, such as 2023/10/1"),
        ("金额", {"type": "number", "thousands": ",", "strip": ["¥"]}, "money with separators of thousands"),
        ("利率", {"type": "number", "percent": True}, "10.5% is read as 0.105"),
        ("开户日", {"type": "time"}, "spell dates"),
        ("年薪", {"type": "number"}, "numbers"),
        ("资产", {"type": "number", "multiply": ["万"]}, "with 万 for what is larger: 100万 is read as 1000000"),
        ("是否有房", {"type": "category"}, 'type = "flag", and in [申请] missing = ["不详"]'),
        ("最终状态", {"type": "category", "role": "label"}, "called like an outcome"),
        ("历史催收次数", {"type": "number"}, "all values are numbers"),
        ("备注", {"type": "category", "role": "ignore"}, "called like a remark"),
        ("设备号", {"to": "设备"}, "there is no table of it"),
    ],
)
def test_columns_as_people_write_them(folder: Callable[..., Path], name: str, promise: dict, reason: str) -> None:
    draft = infer(folder({"客户.csv": people_file(True), "申请.csv": chinese(False)}))
    found, why = column(draft, "申请", name)
    assert found == promise
    assert reason in why
    assert draft.schema.tables["申请"].missing == ("0000-00-00", "面议")
    assert "'0000-00-00': 5 values of 开户日; 97.5% are dates" in draft.to_toml()


def test_what_people_wrote_is_read(folder: Callable[..., Path]) -> None:
    where = folder({"客户.csv": people_file(True), "申请.csv": chinese(False)})
    infer(where).write(where)
    tables = read_tables(where)
    assert check(tables) == []
    row = tables["申请"].row(1, named=True)
    assert (row["客户编号"], row["金额"], row["利率"]) == ("000002", 2234.0, 0.015)
    assert tables["申请"]["开户日"].null_count() == 5


def test_keys_that_lost_their_zeros_are_padded_where_they_lost_them(folder: Callable[..., Path]) -> None:
    where = folder({"客户.csv": people_file(False), "申请.csv": chinese(True)})
    draft = infer(where)
    assert column(draft, "客户", "客户编号")[0] == {"type": "category", "pad": 6}
    assert column(draft, "申请", "客户编号")[0] == {"to": "客户"}
    draft.write(where)
    assert errors_of(check(read_tables(where))) == []


def test_a_column_called_like_a_key_that_shares_nothing(folder: Callable[..., Path]) -> None:
    loans = "loan_id,customer_id\n" + "".join(f"{i},x{i % 30}\n" for i in range(60))
    draft = infer(folder({"customers.csv": "customer_id,a\n" + "1,2\n2,3\n", "loans.csv": loans}))
    found, why = column(draft, "loans", "customer_id")
    assert found == {"type": "category"}
    assert "called like the key of customers, but 0% of its distinct values are there: no relation" in why


def test_a_mistyped_value_is_read_as_missing_in_its_column_and_named(folder: Callable[..., Path]) -> None:
    rows = "".join(f"{i},{'2024-13-45' if i == 7 else f'2024-01-{i % 28 + 1:02}'}\n" for i in range(60))
    draft = infer(folder({"a.csv": "id,seen\n" + rows}))
    found, why = column(draft, "a", "seen")
    assert found == {"type": "time", "missing": ["2024-13-45"]}
    assert "98.3% are dates; read as missing: '2024-13-45' (1)" in why
    assert draft.schema.tables["a"].missing == ()
    assert [one.text() for one in draft.odd] == ["Read as missing: '2024-13-45' (1 row of seen: line 9)"]


def test_faults_of_all_files_come_at_once(folder: Callable[..., Path]) -> None:
    with pytest.raises(TablesError) as error:
        infer(folder({"a.csv": "x,y\n1,2\n1,2,3\n", "b.csv": "", "c.csv": "x\n1\n", "d.parquet": b"PAR1"}))
    for word in ("3 files cannot be read", "table a, file", "line 3", "table b", "A file is empty", "table d"):
        assert word in str(error.value)


def test_shares_are_of_distinct_values_and_of_rows(folder: Callable[..., Path]) -> None:
    people = "customer_id\n" + "".join(f"{i}\n" for i in range(30))
    loans = "loan_id,customer_id\n" + "".join(f"L{i},{i if i < 40 else 1}\n" for i in range(80))
    _, why = column(infer(folder({"customers.csv": people, "loans.csv": loans})), "loans", "customer_id")
    assert "75.0% of the distinct values (87.5% of the rows) are among the keys of customers" in why


def test_a_text_column_without_a_value_is_no_fault(tmp_path: Path) -> None:
    pl.DataFrame(
        {"name": ["a", "b"], "note": [None, None]}, schema={"name": pl.String, "note": pl.String}
    ).write_parquet(tmp_path / "people.parquet")
    assert set(infer(tmp_path).schema.tables["people"].columns) == {"name", "note"}
    pl.DataFrame(schema={"name": pl.String, "note": pl.String}).write_parquet(tmp_path / "people.parquet")
    assert set(infer(tmp_path).schema.tables["people"].columns) == {"name", "note"}


@pytest.mark.parametrize(
    ("column", "promise"),
    [
        ("balance", {"type": "number", "strip": ["EUR"]}),
        ("used", {"type": "number", "percent": True}),
        ("income", {"type": "number", "strip": ["¥"]}),
    ],
)
def test_words_for_nothing_among_amounts_and_shares(folder: Callable[..., Path], column: str, promise: dict) -> None:
    """Also where the same word stands in several columns, and in the case that people type."""
    rows = ["balance;used;income;kind"]
    for k in range(200):
        gone = k % 9 == 0
        balance, used = ("n/a", "n/a") if gone else (f"{1000 + k * 7.5:,.2f} EUR", f"{k / 3:.1f}%")
        rows.append(f"{balance};{used};{'未知' if gone else f'¥{3000 + 11 * k:,}'};{'n/a' if gone else 'retail'}")
    draft = infer(folder({"clients.csv": "\n".join(rows) + "\n"}))
    (table,) = draft.schema.tables.values()
    assert set(table.missing) == {"n/a", "未知"}
    told = table.columns[column].model_dump(mode="json", exclude_defaults=True)
    assert {name: value for name, value in told.items() if name != "thousands"} == promise


def test_words_for_nothing_are_a_category_where_nothing_else_needs_them_gone(folder: Callable[..., Path]) -> None:
    draft = infer(folder({"clients.csv": "kind,n\n" + "".join(f"{('none', 'car')[k % 2]},{k}\n" for k in range(40))}))
    (table,) = draft.schema.tables.values()
    assert table.missing == ()


def test_a_word_for_nothing_is_an_answer_beside_its_opposite(folder: Callable[..., Path]) -> None:
    rows = "".join(
        f"{('有', '无')[k % 2]},{('yes', 'none', '未知')[k % 3]},{'无' if k % 9 == 0 else f'{k * 100}.5'},"
        f"{'none' if k % 9 == 1 else k * 7},{('男', '女', '无', '-')[k % 4]}\n"
        for k in range(200)
    )
    where = folder({"clients.csv": "房产,loan,收入,debt,性别\n" + rows})
    draft = infer(where)
    (table,) = draft.schema.tables.values()
    assert table.missing == ()
    assert (table.columns["收入"].missing, table.columns["debt"].missing) == (("无",), ("none",))
    assert "'无': 23 values of 收入, which are else numbers or times, while another column answers" in draft.to_toml()
    draft.write(where)
    read = read_tables(where)["clients"]
    assert set(read["房产"].unique()) == {"有", "无"}
    assert (read["收入"].null_count(), read["debt"].null_count()) == (23, 23)
    assert read.schema["debt"] == pl.Float64


def test_many_words_for_nothing_in_one_column(folder: Callable[..., Path]) -> None:
    words = ["n/a", "NA", "null", "—", "不详", "暂无", " ", "\u3000", "/", "#DIV/0!", "没有", "--"]
    amounts = [words[k // 4 % len(words)] if k % 4 == 0 else k * 3 for k in range(400)]
    days = [words[k // 6 % 4] if k % 6 == 0 else f"2023年{k % 12 + 1}月3日" for k in range(400)]
    rows = "".join(f"{amounts[k]},{k}次,{days[k]}\n" for k in range(400))
    (table,) = infer(folder({"clients.csv": "收入,次数,日期\n" + rows})).schema.tables.values()
    assert set(words) <= set(table.missing)
    assert table.columns["收入"].type == Type.NUMBER
    assert (table.columns["次数"].type, table.columns["次数"].strip) == (Type.NUMBER, ("次",))
    assert table.columns["日期"].type == Type.TIME


def test_chinese_hands(folder: Callable[..., Path]) -> None:
    """Digits of full width, months, days in a column called like a phone, a unit beside some of few numbers."""
    wide = str.maketrans("0123456789.-", "０１２３４５６７８９．－")
    rows = "".join(
        f"{str(k * 1.5 - 20).translate(wide)},{2023 + k % 2}年{k % 12 + 1}月,{k % 12 + 1:02}/2022,2023-{k % 12 + 1:02},"
        f"{'未知' if k % 20 == 0 else f'2019年{k % 12 + 1}月{k % 28 + 1}日'},{k % 9}{'年' * (k % 2)},{k}号\n"
        for k in range(120)
    )
    where = folder({"clients.csv": "余额,账单月,month,月份,手机入网日期,工作年限,门牌\n" + rows})
    draft = infer(where)
    draft.write(where)
    read = read_tables(where)["clients"]
    assert read["余额"].to_list() == [k * 1.5 - 20 for k in range(120)]
    assert [str(read[name][1].date()) for name in ("账单月", "month", "月份")] == [
        "2024-02-01",
        "2022-02-01",
        "2023-02-01",
    ]
    assert read["手机入网日期"].dtype.is_temporal()
    assert read["工作年限"].to_list() == [k % 9 for k in range(120)]
    assert read["门牌"].dtype == pl.String
