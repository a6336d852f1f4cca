"""An algorithm of the host's own, as ``RECOMMENDATIONS["ALGORITHMS"]`` takes it; see ``patient``."""

from recommendations.algorithms.catalogue import AlgorithmInfo

PATIENT = AlgorithmInfo(
    name="patient",
    title="Patient",
    summary="Item cosine, but not before the test lets it go on.",
    path="tests.services.patient.Patient",
    roles=("similar",),
    needs="orders",
    supports=frozenset({"recommend", "similar", "fold_in", "explain"}),
    parameters=(),
)
