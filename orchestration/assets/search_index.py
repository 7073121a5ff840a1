"""The search indexes as Dagster assets, made of the release, their validation as a check; how is not their matter."""

from collections.abc import Iterator
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    Failure,
    MaterializeResult,
    multi_asset,
)

from orchestration.assets.naming import OWNER, RELEASE, SEARCH_GROUP, SEARCHED, WAIT_SECONDS, search_key
from orchestration.home import Home

CHECK = "holds_every_active_document"


def search_indexes_asset(home: Home) -> AssetsDefinition:
    """An index of quotes and one of orders; one that is not found in order is not made live: readers keep theirs."""

    @multi_asset(
        name="search_indexes",
        specs=[
            AssetSpec(
                search_key(noun),
                deps=[RELEASE],
                group_name=SEARCH_GROUP,
                owners=[OWNER],
                kinds={"tantivy"},
                description=f"What `tieout search --model {noun}` asks: each {noun} of the release by all its fields.",
            )
            for noun in SEARCHED
        ],
        check_specs=[
            AssetCheckSpec(
                CHECK,
                asset=search_key(noun),
                description=f"Every active {noun} of the release is in it as it stands, and found by its fields.",
            )
            for noun in SEARCHED
        ],
    )
    def search_indexes(context: AssetExecutionContext) -> Iterator[Any]:
        from orchestration.errors import TieoutError
        from orchestration.search.documents import ALL
        from orchestration.search.indexing import check_live, keep_current

        made = keep_current(home, progress=context.log.info, wait_seconds=WAIT_SECONDS)
        for one in made:
            try:
                found = [one.problem] if one.problem else check_live(home, ALL[one.noun])
            except TieoutError as error:
                found = [str(error)]
            yield AssetCheckResult(
                passed=not found,
                asset_key=search_key(one.noun),
                check_name=CHECK,
                severity=AssetCheckSeverity.ERROR,
                description="; ".join(found) or None,
                metadata={"held_since": one.held_since or "not held"},
            )
            if not one.problem:
                told = {"index_id": one.index_id, "release_id": one.release_id, "documents": one.documents}
                yield MaterializeResult(asset_key=search_key(one.noun), metadata={**told, "is_new": one.is_new})
        refused = [one.problem for one in made if one.problem]
        if refused:
            raise Failure(description="\n".join(refused), allow_retries=False)

    return search_indexes
