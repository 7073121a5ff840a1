"""Names that assets share: streams, groups, the pool of the one writer; nothing that runs."""

from dagster import AssetKey

STREAMS = ("quote", "approval", "order", "fulfillment", "billing", "asset", "reference", "support", "control")
OWNER = "data-platform@tieout.example"
WRITER_POOL = "warehouse"
# The pool keeps runs apart; a `tieout` command started by hand is waited for this long.
WAIT_SECONDS = 600.0

LANDING_GROUP = "landing"
REFERENCE_GROUP = "reference"
MARTS_GROUP = "marts"
OPERATIONS_GROUP = "operations"
RECONCILIATION_GROUP = "reconciliation"
RELEASE_GROUP = "release"
CLOSE_GROUP = "close"

EXCHANGE_RATES = AssetKey(["lake", "exchange_rate"])
QUARANTINE = AssetKey(["lake", "quarantine"])
RESOLUTIONS = AssetKey(["lake", "resolution"])
RELEASE = AssetKey(["release"])
OPERATIONS_RELEASE = AssetKey(["operations_release"])
PERIOD_CLOSE = AssetKey(["period_close"])


def stream_key(stream: str) -> AssetKey:
    """The key of the accepted events of one stream; dbt's source of the same name maps to it."""
    return AssetKey(["lake", stream])
