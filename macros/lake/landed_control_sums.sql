{# What the manifests say of each landed batch: the exact sum of the principal amounts per event type and currency. #}
{% macro landed_control_sums() -%}
    {{ return(adapter.dispatch("landed_control_sums", "tieout")()) }}
{%- endmacro %}

{% macro duckdb__landed_control_sums() -%}
    (
        select
            manifest.batch_seq,
            of_type.key as event_type,
            of_currency.key as currency,
            cast(of_currency.value.amount as decimal(38, 4)) as amount
        from read_json(
            '{{ var("lake_path") }}/batches/batch_seq=*/manifest.json',
            format = 'unstructured',
            hive_partitioning = false,
            columns = {
                'batch_seq': 'bigint',
                'control_sums': 'map(varchar, map(varchar, struct(events bigint, amount varchar)))'
            }
        ) as manifest
        cross join unnest(map_entries(manifest.control_sums)) as type_list (of_type)
        cross join unnest(map_entries(of_type.value)) as currency_list (of_currency)
        where manifest.batch_seq <= {{ var("lake_high_water") | int }}
    )
{%- endmacro %}

{% macro spark__landed_control_sums() -%}
    (
        select
            parsed.manifest.batch_seq,
            event_type,
            currency,
            cast(control_sum.amount as decimal(38, 4)) as amount
        from (
            select
                from_json(
                    cast(file.content as string),
                    'batch_seq bigint, control_sums map<string, map<string, struct<events: bigint, amount: string>>>'
                ) as manifest
            from binaryFile.`{{ var("lake_path") }}/batches/batch_seq=*/manifest.json` as file
        ) as parsed
        lateral view explode(parsed.manifest.control_sums) as event_type, of_type
        lateral view explode(of_type) as currency, control_sum
        where parsed.manifest.batch_seq <= {{ var("lake_high_water") | int }}
    )
{%- endmacro %}
