-- Wrong on purpose, in the last place of numbers too long for a binary float. An audit that does not see it sees nothing.
select
    'canary' as check_key,
    'canary/amount' as partition,
    'canary' as kind,
    'critical' as severity,
    cast(1 as bigint) as left_count,
    cast(1 as bigint) as right_count,
    cast('12345678901234.5678' as decimal(38, 4)) as left_amount,
    cast('12345678901234.5679' as decimal(38, 4)) as right_amount,
    cast('0' as decimal(38, 0)) as left_checksum,
    cast('0' as decimal(38, 0)) as right_checksum
union all
select
    'canary' as check_key,
    'canary/count_and_checksum' as partition,
    'canary' as kind,
    'critical' as severity,
    cast(0 as bigint) as left_count,
    cast(1 as bigint) as right_count,
    cast(0 as decimal(38, 4)) as left_amount,
    cast(0 as decimal(38, 4)) as right_amount,
    cast('1152921504606846975000' as decimal(38, 0)) as left_checksum,
    cast('1152921504606846975001' as decimal(38, 0)) as right_checksum
