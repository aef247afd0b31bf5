"""C1 in short: ten kills at random moments; the long form is `python -m tests.reliability.kill`."""

from reconciler.sandbox import Running
from tests.reliability.kill import killing, run


def test_c1_kills_at_random_moments_lose_nothing_and_double_nothing(
    shared_sandbox: Running,
) -> None:
    """Every real object is recorded or open, each is made once, and the last plan is empty."""
    with killing(objects=60, parallelism=10, seed=4, sandbox=shared_sandbox) as killer:
        figures = run(killer, 10)
    assert figures.wrong == []
    assert (figures.unrecorded, figures.duplicated) == (0, 0)
    assert (figures.kills, figures.empty_plans) == (10, figures.rounds)
