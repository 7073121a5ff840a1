-- Codes that the seed knows and codes that events name; one that only events know stands for itself.
with named as (
    select
        mention.domain,
        mention.reason_code,
        min(mention.named_at) as first_seen_at,
        max(mention.named_at) as last_seen_at,
        count(*) as mention_count
    from {{ ref("int_reason_code_mention") }} as mention
    group by mention.domain, mention.reason_code
)

select
    coalesce(known.domain, named.domain) as domain,
    coalesce(known.reason_code, named.reason_code) as reason_code,
    coalesce(known.label, named.reason_code) as label,
    known.owner_group,
    known.reason_code is not null as is_known,
    named.first_seen_at,
    named.last_seen_at,
    coalesce(named.mention_count, 0) as mention_count
from {{ ref("reason_code") }} as known
full outer join named on known.domain = named.domain and known.reason_code = named.reason_code
