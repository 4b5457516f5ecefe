"""Network kernels against plain Python on random multigraphs; ties, late edges, loops and missing ends included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import FeaturesError
from tael.kernels.network import (
    STATS,
    TemporalGraph,
    activity,
    chains,
    closing_cycles,
    cycles,
    gather_scatter,
    meetings,
    pass_through,
    snapshot,
    traits,
    ways,
)

WINDOWS = st.one_of(st.none(), st.integers(1, 30))


@given(data=st.data(), window=WINDOWS)
def test_activity(plain, data, window):
    world = data.draw(plain.worlds())
    found = activity(world.graph, world.nodes, world.cutoffs, [window, 7])
    for i, (v, cutoff) in enumerate(world.queries):
        for k, span in enumerate((window, 7)):
            got = [found[name][i, k] for name in STATS]
            assert got == pytest.approx(plain.activity(world, v, cutoff, span))


@given(data=st.data(), within=st.integers(1, 25), last=WINDOWS)
def test_cycles(plain, data, within, last):
    world = data.draw(plain.worlds())
    found = cycles(world.graph, world.nodes, world.cutoffs, within=within, last=last, longest=5, evidence=True)
    for i, (v, cutoff) in enumerate(world.queries):
        past = world.visible(cutoff)
        begin = -(10**9) if last is None else cutoff - last
        told = [plain.cycles(past, e, 5, within) for e in past if e.target == v and e.time >= begin]
        # a closing edge comes after all others, by time and id
        told = [{k: [c for c in one[k] if c[-2].order < c[-1].order] for k in one} for one in told]
        assert [found[f"cycles_{k}"][i] for k in range(2, 6)] == [sum(len(one[k]) for one in told) for k in range(2, 6)]
        edges = {e.id for one in told for some in one.values() for cycle in some for e in cycle}
        assert found.evidence.of(i).tolist() == sorted(edges)
    assert not found.cuts.any()


@given(data=st.data(), within=st.integers(1, 25))
def test_closing_cycles(plain, data, within):
    world = data.draw(plain.worlds())
    found = closing_cycles(world.graph, within=within, longest=5)
    for e in world.edges:
        # as of the edge: strictly before it in time, and known by then
        past = world.visible(e.time)
        told = plain.cycles(past, e, 5, within) if min(e.source, e.target) >= 0 else {k: [] for k in range(2, 6)}
        assert [found[f"cycles_{k}"][e.id] for k in range(2, 6)] == [len(told[k]) for k in range(2, 6)]


@given(data=st.data(), within=st.integers(1, 25), last=WINDOWS, low=st.sampled_from([0.0, 0.8]))
def test_chains(plain, data, within, last, low):
    world = data.draw(plain.worlds())
    found = chains(
        world.graph, world.nodes, world.cutoffs, within=within, last=last, longest=4, keeps=(low, 1.0), evidence=True
    )
    for i, (v, cutoff) in enumerate(world.queries):
        begin = -(10**9) if last is None else cutoff - last
        told = plain.chains(world.visible(cutoff), v, begin, within, 4, low, 1.0)
        hands = max(map(len, told), default=0)
        longest = [chain for chain in told if len(chain) == hands]
        assert (found["hands"][i], found["ways"][i]) == (hands, len(longest))
        assert found.evidence.of(i).tolist() == sorted({e.id for chain in longest for e in chain})


@given(data=st.data(), last=WINDOWS, way=st.sampled_from(["gathers", "scatters", "payees", "payers"]))
def test_ways(plain, data, last, way):
    world = data.draw(plain.worlds())
    found = ways(world.graph, world.nodes, world.cutoffs, way, last=last)
    for i, (v, cutoff) in enumerate(world.queries):
        sizes = [len(middles) for middles in plain.ways(world.visible(cutoff, last), v, way).values()]
        told = [max(sizes, default=0), sum(size >= 2 for size in sizes), len(sizes)]
        assert [found[name][i] for name in ("most", "wide", "far")] == told


@given(data=st.data(), last=WINDOWS, within=st.integers(1, 9), shown=st.sampled_from(["others", "again", "most"]))
def test_meetings(plain, data, last, within, shown):
    world = data.draw(plain.worlds())
    found = meetings(world.graph, world.nodes, world.cutoffs, within=within, last=last, evidence=True, shown=shown)
    for i, (v, cutoff) in enumerate(world.queries):
        begin = -(10**9) if last is None else cutoff - last
        times, edges = plain.meetings(world.visible(cutoff), v, begin, within)
        most = max(times.values(), default=0)
        told = [len(times), sum(n > 1 for n in times.values()), most]
        assert [found[name][i] for name in ("others", "again", "most")] == told
        least = {"others": 1, "again": 2, "most": max(most, 1)}[shown]
        rows = {e for w, n in times.items() if n >= least for e in edges[w]}
        assert found.evidence.of(i).tolist() == sorted(rows)
    assert not found.cuts.any()


@given(data=st.data(), last=WINDOWS)
def test_gather_scatter(plain, data, last):
    world = data.draw(plain.worlds())
    found = gather_scatter(world.graph, world.nodes, world.cutoffs, last=last, evidence=True)
    for i, (v, cutoff) in enumerate(world.queries):
        past = world.visible(cutoff, last)
        assert found["width"][i] == plain.gather_scatter(past, v)
        shown = [e for e in past if e.id in found.evidence.of(i)]
        if found["width"][i]:
            assert plain.gather_scatter(shown, v) == found["width"][i]


@given(data=st.data(), within=st.integers(1, 20), last=WINDOWS)
def test_pass_through(plain, data, within, last):
    world = data.draw(plain.worlds())
    found = pass_through(world.graph, world.nodes, world.cutoffs, within=within, last=last, evidence=True)
    for i, (v, cutoff) in enumerate(world.queries):
        came, passed, stay, edges = plain.pass_through(world.visible(cutoff, last), v, within)
        assert (found["came"][i], found["passed"][i]) == pytest.approx((came, passed))
        assert found["share"][i] == pytest.approx(passed / came if came else np.nan, nan_ok=True)
        assert found["stay"][i] == pytest.approx(stay / passed if passed else np.nan, nan_ok=True)
        assert found.evidence.of(i).tolist() == edges


@given(data=st.data(), last=WINDOWS, direction=st.sampled_from(["both", "out", "in"]), within=st.integers(1, 9))
def test_traits(plain, data, last, direction, within):
    world = data.draw(plain.worlds())
    found = traits(
        world.graph, world.nodes, world.cutoffs, last=last, direction=direction, below=100.0, unit=50.0, within=within
    )
    for i, (v, cutoff) in enumerate(world.queries):
        told = plain.traits(world, v, cutoff, last, direction, 100.0, 50.0, within)
        assert {name: found[name][i] for name in told} == pytest.approx(told, nan_ok=True)


@pytest.mark.parametrize(
    ("kind", "edges"),
    [("small", [0, 1]), ("round", [2, 3]), ("repeats", [2, 3]), ("night", [3]), ("silence", [3]), ("burst", [0, 1])],
)
def test_evidence_of_traits(kind, edges):
    hour = 3_600_000_000
    times = np.array([8 * hour, 8 * hour + 5, 12 * hour, 23 * hour])
    graph = TemporalGraph.build([0, 0, 0, 0], [1, 2, 3, 4], times, [4_900.0, 4_100.0, 6_000.0, 6_000.0])
    found = traits(graph, [0], [24 * hour], below=5_000.0, within=hour, evidence=kind)
    assert found.evidence.of(0).tolist() == edges


def test_evidence_of_ways():
    graph = TemporalGraph.build([0, 0, 1, 2, 5, 6], [1, 2, 3, 3, 1, 3], [1, 2, 3, 4, 1, 1])
    shown = {kind: ways(graph, [3], [9], "gathers", last=None, evidence=True, shown=kind) for kind in ("most", "far")}
    assert shown["most"].evidence.of(0).tolist() == [0, 1, 2, 3]
    assert shown["far"].evidence.of(0).tolist() == [0, 1, 2, 3, 4]


@given(data=st.data(), cap=st.integers(1, 4))
def test_what_is_not_known_yet_cuts_nothing(plain, data, cap):
    """Small caps, so that they bite: a graph of what was known says the same, whatever else there is."""
    world = data.draw(plain.worlds())
    kernels = {
        "cycles": lambda g, v, t: cycles(g, v, t, within=15, longest=5, cap=cap, most=3),
        "chains": lambda g, v, t: chains(g, v, t, within=15, keeps=(0.0, 2.0), cap=cap, steps=9),
        "gathers": lambda g, v, t: ways(g, v, t, "gathers", last=None, cap=cap),
        "scatters": lambda g, v, t: ways(g, v, t, "scatters", last=20, cap=cap),
        "payees": lambda g, v, t: ways(g, v, t, "payees", last=20, cap=cap),
        "gather_scatter": lambda g, v, t: gather_scatter(g, v, t, last=None, cap=cap),
        "pass_through": lambda g, v, t: pass_through(g, v, t, within=9, cap=cap),
        "traits": lambda g, v, t: traits(g, v, t, below=100.0, unit=50.0, within=4, cap=cap),
    }
    for v, cutoff in world.queries:
        past = sorted(world.visible(cutoff), key=lambda e: e.id)
        known = plain.World(past, world.n_nodes, False, [])
        for name, kernel in kernels.items():
            whole, part = (kernel(graph, [v], [cutoff]) for graph in (world.graph, known.graph))
            told = [{name: one[0] for name, one in found.columns.items()} for found in (whole, part)]
            assert told[0] == pytest.approx(told[1], nan_ok=True), name
            assert whole.cuts == part.cuts, name


def test_hubs_are_cut_to_their_latest_edges_and_it_is_said():
    n = 50
    middles = np.arange(1, n + 1)
    graph = TemporalGraph.build(
        np.concatenate([np.zeros(n, int), middles]), np.concatenate([middles, np.full(n, n + 1)]), np.arange(2 * n)
    )
    whole, part = (ways(graph, [n + 1], [200], "gathers", last=None, cap=cap) for cap in (50, 10))
    assert (whole["most"], whole.cuts, part["most"], part.cuts) == ([50], [0], [10], [1])
    back = TemporalGraph.build([0] * 30 + [1], [1] * 30 + [0], [*range(30), 99])
    assert cycles(back, [0], [100], within=100, cap=5, longest=2)["cycles_2"] == [5]
    assert cycles(back, [0], [100], within=100, cap=5, longest=2).cuts == [2]  # seen from either end


def test_more_evidence_than_room():
    n = 5_000
    graph = TemporalGraph.build(np.zeros(n, int), np.arange(1, n + 1), np.arange(n), np.full(n, 90.0))
    found = traits(graph, [0], [n], below=100.0, cap=n, evidence="small")
    assert found.evidence.of(0).tolist() == list(range(n))


def test_counts_equal_duckdb():
    duckdb = pytest.importorskip("duckdb")
    rng = np.random.default_rng(7)
    n = 400
    source, target, time = rng.integers(0, 25, n), rng.integers(0, 25, n), rng.integers(0, 200, n)
    graph = TemporalGraph.build(source, target, time)
    database = duckdb.connect()
    database.execute("create table e (i bigint, s bigint, d bigint, t bigint)")
    database.executemany(
        "insert into e values (?, ?, ?, ?)", np.column_stack([np.arange(n), source, target, time]).tolist()
    )
    fans = database.execute(
        "select q.i, count(e.i), count(distinct e.d) from e q left join e on e.s = q.s and e.t < q.t "
        "and e.t >= q.t - 60 group by q.i order by q.i"
    ).fetchnumpy()
    found = activity(graph, source, time, [60])
    assert np.array_equal(found["n_out"][:, 0], fans["count(e.i)"])
    assert np.array_equal(found["fan_out"][:, 0], fans["count(DISTINCT e.d)"])
    two, three = (
        np.array(database.execute(query).fetchall())[:, 1]
        for query in (
            "select q.i, count(a.i) from e q left join e a on a.s = q.d and a.d = q.s and a.t < q.t "
            "and a.t >= q.t - 60 and q.s <> q.d group by q.i order by q.i",
            "select q.i, count(b.i) from e q left join (e a join e b on a.d = b.s and (a.t, a.i) < (b.t, b.i)) on "
            "a.s = q.d and b.d = q.s and b.t < q.t and a.t >= q.t - 60 and q.s <> q.d and a.d not in (q.s, q.d) "
            "group by q.i order by q.i",
        )
    )
    closed = closing_cycles(graph, within=60, longest=3)
    assert np.array_equal(closed["cycles_2"], two)
    assert np.array_equal(closed["cycles_3"], three)
    assert three.sum() > 50


def test_threads_change_nothing():
    rng = np.random.default_rng(0)
    n = 20_000
    graph = TemporalGraph.build(
        rng.integers(0, 800, n), rng.integers(0, 800, n), rng.integers(0, 10**6, n), rng.gamma(1.0, 100.0, n)
    )
    for kernel in (
        lambda k: closing_cycles(graph, within=20_000, n_threads=k).columns,
        lambda k: activity(graph, graph.source, graph.time, [1_000, None], n_threads=k),
        lambda k: ways(graph, graph.source, graph.time, "scatters", last=20_000, n_threads=k).columns,
    ):
        one, many = kernel(1), kernel(3)
        assert all(np.array_equal(one[name], many[name], equal_nan=True) for name in one)


def test_sums_do_not_depend_on_other_queries():
    rng = np.random.default_rng(1)
    graph = TemporalGraph.build(np.zeros(500, int), rng.integers(1, 9, 500), np.arange(500), rng.gamma(1.0, 1e5, 500))
    cutoffs = np.arange(0, 501, 7)
    many = activity(graph, np.zeros(len(cutoffs), int), cutoffs, [50])["amount_out"][:, 0]
    alone = [activity(graph, [0], [t], [50])["amount_out"][0, 0] for t in cutoffs]
    assert many.tolist() == alone


def test_snapshots_of_structure():
    day = np.timedelta64(1, "D").astype("timedelta64[us]")
    start = np.datetime64("2024-01-01", "us")
    source, target = [0, 1, 2, 3, 5], [1, 2, 0, 0, 6]
    graph = TemporalGraph.build(source, target, start + day * np.array([1, 2, 3, 4, 40]))
    march, january = np.datetime64("2024-03-09", "us"), np.datetime64("2024-01-30", "us")
    nodes, cutoffs = [0, 3, 4, 5, 0, -1], np.array([march, march, march, march, january, march])
    assert snapshot(graph, nodes, cutoffs, "component").tolist() == [4, 4, 0, 2, 0, 0]
    assert snapshot(graph, nodes, cutoffs, "core").tolist() == [2, 1, 0, 1, 0, 0]
    assert snapshot(graph, nodes, cutoffs, "component", last=20 * day).tolist() == [0, 0, 0, 2, 0, 0]
    ranks = snapshot(graph, np.arange(7), np.full(7, march), "pagerank")
    assert ranks.sum() == pytest.approx(6.0)
    assert ranks[0] == ranks.max()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g: TemporalGraph.build([0], [1, 2], [3]), "differ in length"),
        (lambda g: TemporalGraph.build([0], [5], [3], n_nodes=3), "out of range"),
        (lambda g: cycles(g, [0], [9], within=0), "`within` must be positive"),
        (lambda g: cycles(g, [0], [9], within=5, longest=6), "`longest` is out of range"),
        (lambda g: cycles(g, [0, 1], [9], within=5), "differ in length"),
        (lambda g: ways(g, [0], [9], "gather", last=None), 'Did you mean "gathers"'),
        (lambda g: traits(g, [0], [9], direction="up"), "`direction` is unknown"),
        (lambda g: traits(g, [0], [9], below=-1.0), "must be positive"),
        (lambda g: traits(g, [0], [9], evidence="nights"), 'Did you mean "night"'),
        (lambda g: snapshot(g, [0], [9], "cores"), 'Did you mean "core"'),
    ],
)
def test_faults(call, message):
    with pytest.raises(FeaturesError, match=message):
        call(TemporalGraph.build([0, 1], [1, 2], [3, 4]))
