"""What every room's tests share: the real data, the browser, and how hypothesis searches."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# No deadlines: the first call of a kernel may compile it. The gate tries the same examples every time; at a desk each
# run tries new ones.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "desk"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets: ``$TAEL_DATA``, or ``../shared/data`` beside the repository.

    Elsewhere the test is skipped. Where ``CI`` is set it fails, so that a gate cannot lose its real data unnoticed.
    """
    named = os.environ.get("TAEL_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if folder.is_dir():
        return folder
    reason = f"no real data at {folder}: set TAEL_DATA to the folder that holds credit/, claims/, market/, ..."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium or Chrome on this machine; the test is skipped where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")


@dataclass(frozen=True)
class MadeRun:
    """The one real run that all rooms' tests look at: `tael run credit-approval`, made small, by a process of its own.

    Attributes
    ----------
    path : Path
        The run folder.
    data : Path
        The same simulated tables as a folder of CSV files.
    code, stdout, stderr : int, str, str
    """

    path: Path
    data: Path
    code: int
    stdout: str
    stderr: str


CUSTOMERS = 5000


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a test session share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def made_run(shared_folder: Path) -> MadeRun:
    """One small run of credit-approval, made once for the whole session."""
    from tael.scenarios.project import write_project

    told = shared_folder / "run.json"
    with open(shared_folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            out, data = shared_folder / "runs", shared_folder / "data"
            command = ["run", "credit-approval", "--out", str(out), "--customers", str(CUSTOMERS)]
            done = subprocess.run([sys.executable, "-m", "tael.cli", *command], capture_output=True, text=True)
            made = [str(path) for path in out.iterdir()] if out.is_dir() else []
            write_project("credit-approval", data, customers=CUSTOMERS)
            content = [*made[:1], str(data), done.returncode, done.stdout, done.stderr]
            told.write_text(json.dumps(content), encoding="utf-8")
    content = json.loads(told.read_text(encoding="utf-8"))
    assert len(content) == 5, content[-1]
    return MadeRun(Path(content[0]), Path(content[1]), *content[2:])


@dataclass(frozen=True)
class Said:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def tael_cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command of `tael` in this process, on a terminal of 80 columns."""
    from tael.cli import main

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["tael", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "80")
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


SMALL_TABLES = """
[people]
file = "people.csv"
key = "person_id"
[people.columns]
city = { type = "category" }

[applications]
file = "applications.csv"
key = "application_id"
time = "applied"
[applications.columns]
person_id = { to = "people" }
channel = { type = "category" }

[payments]
file = "payments.csv"
key = "payment_id"
time = "paid"
[payments.columns]
person_id = { to = "people" }
kind = { type = "category" }

[defaults]
file = "defaults.csv"
time = "day"
[defaults.columns]
application_id = { to = "applications" }
"""
SMALL_SCENARIO = """
name = "small"
entity = "applications"
cutoff = "applied"

[label]
formula = 'count(defaults, next="90d") > 0'

[split]
groups = "person_id"
folds = 3

[features]
windows = ["90d"]
keep = 6
max_up = 1
max_down = 1

[model]
members = ["linear", "shallow"]

[decision]
limit = { bad_rate = 0.25 }
refer_band = 0.1
margin = "amount * 0.3"
lgd = 0.5
"""


def small_frames(n: int = 600, seed: int = 0) -> dict[str, pl.DataFrame]:
    """Four linked tables of a lender: those who paid often before they applied default less."""
    rng = np.random.default_rng(seed)
    people = n * 3 // 4
    start = datetime(2023, 1, 1)
    wealth = rng.normal(size=people)
    who = rng.integers(0, people, n)
    day = np.sort(rng.integers(120, 700, n))
    bad = rng.random(n) < 1 / (1 + np.exp(1.2 + 3.0 * wealth[who]))
    often = rng.poisson(np.exp(2.0 + 0.5 * wealth))
    payer = np.repeat(np.arange(people), often)
    when = np.sort(rng.integers(0, 790 * 24, len(payer)))

    def at(hours: np.ndarray) -> pl.Series:
        return pl.Series([start + timedelta(hours=int(h)) for h in hours], dtype=pl.Datetime("us"))

    return {
        "people": pl.DataFrame(
            {
                "person_id": np.arange(1, people + 1),
                "income": np.round(np.exp(8 + 0.3 * wealth + 0.3 * rng.normal(size=people)), 2),
                "city": rng.choice(["North", "South", "West"], people),
            }
        ),
        "applications": pl.DataFrame(
            {
                "application_id": np.arange(1, n + 1),
                "person_id": who + 1,
                "applied": at(day * 24 + 9),
                "amount": rng.integers(10, 100, n) * 100.0,
                "channel": rng.choice(["app", "branch"], n),
            }
        ),
        "payments": pl.DataFrame(
            {
                "payment_id": np.arange(len(payer)),
                "person_id": payer + 1,
                "paid": at(when),
                "amount": np.round(rng.gamma(2.0, 50.0, len(payer)), 2),
                "kind": rng.choice(["bill", "shop", "rent"], len(payer)),
            }
        ),
        "defaults": pl.DataFrame(
            {
                "application_id": np.arange(1, n + 1)[bad],
                "day": at(day[bad] * 24 + rng.integers(24 * 20, 24 * 80, bad.sum())),
            }
        ),
    }


@dataclass
class SmallProject:
    """A project folder that runs in a few seconds; tests spoil it."""

    folder: Path
    frames: dict[str, pl.DataFrame]
    tables: str = SMALL_TABLES
    scenario: str = SMALL_SCENARIO

    def swap(self, old: str, new: str) -> SmallProject:
        """Change a text in either TOML file."""
        assert (old in self.tables) + (old in self.scenario) == 1, old
        self.tables, self.scenario = self.tables.replace(old, new), self.scenario.replace(old, new)
        return self

    def write(self, encoding: str = "utf-8") -> Path:
        """Write the folder."""
        self.folder.mkdir(exist_ok=True)
        for name, frame in self.frames.items():
            text = frame.write_csv(datetime_format="%Y-%m-%d %H:%M:%S")
            (self.folder / f"{name}.csv").write_bytes(text.encode(encoding))
        (self.folder / "tables.toml").write_text(self.tables, encoding="utf-8")
        (self.folder / "scenario.toml").write_text(self.scenario, encoding="utf-8")
        return self.folder


@pytest.fixture
def small_project(tmp_path: Path) -> SmallProject:
    """A small project of its own for each test."""
    return SmallProject(tmp_path / "project", small_frames())


# ------------------------------------------------------------------ a real PostgreSQL
def _program(name: str) -> str | None:
    places = [Path("/usr/local/bin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return shutil.which(name) or next((str(place / name) for place in places if (place / name).exists()), None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """A server in a temporary folder, reached through a socket there; user tael, password hunter2."""
    initdb, server = _program("initdb"), _program("postgres")
    if initdb is None or server is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    user: str | None = None
    if os.geteuid() == 0:
        # The server refuses to run as root.
        import pwd

        names = {entry.pw_name for entry in pwd.getpwall()}
        user = next((name for name in ("postgres", "nobody") if name in names), None)
        if user is None:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")
    where = Path(tempfile.mkdtemp(prefix="tael-pg-"))
    (where / "password").write_text("hunter2")
    if user is not None:
        shutil.chown(where, user)
        shutil.chown(where / "password", user)
    process: subprocess.Popen[bytes] | None = None
    try:
        subprocess.run(
            [initdb, "-D", where / "data", "-U", "tael", "-A", "scram-sha-256",
             f"--pwfile={where / 'password'}", "-N", "-E", "UTF8", "--locale=C"],
            check=True, capture_output=True, user=user, cwd=where,
        )  # fmt: skip
        with (where / "log").open("wb") as log:
            process = subprocess.Popen(
                [server, "-D", where / "data", "-k", where, "-c", "listen_addresses=", "-c", "fsync=off"],
                stdout=log, stderr=log, user=user, cwd=where,
            )  # fmt: skip
        _wait(where, process)
        yield where
    finally:
        if process is not None:
            process.terminate()
            process.wait(30)
        shutil.rmtree(where)


def _wait(where: Path, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    for _ in range(200):
        if process.poll() is not None:
            pytest.fail(f"PostgreSQL did not start: {(where / 'log').read_text()[-500:]}")
        try:
            psycopg.connect(host=str(where), user="tael", password="hunter2", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("PostgreSQL did not start in ten seconds")
