"""Every feature of every member of Complete Journey at a cutoff, as one query on the raw file.

Members with a purchase in the 91 days before the cutoff; the tier window is 91 days of gross spend.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb
import pandas as pd

_QUERY = """
WITH line AS (
    SELECT household_id AS member, CAST(transaction_timestamp AS DATE) AS day, basket_id,
           CAST(sales_value AS DECIMAL(18, 4)) AS amount
    FROM read_parquet($path)
    WHERE CAST(transaction_timestamp AS TIMESTAMP) < CAST($cutoff AS TIMESTAMP)
), visit AS (
    SELECT member, day, date_diff('day', day, CAST($cutoff AS DATE)) AS age,
           count(DISTINCT basket_id) AS orders, CAST(sum(amount) AS DOUBLE) AS gross
    FROM line WHERE amount >= 0 GROUP BY member, day
), returned AS (
    SELECT member, CAST(-sum(amount) AS DOUBLE) AS returned FROM line WHERE amount < 0 GROUP BY member
), spaced AS (
    SELECT *, date_diff('day', lag(day) OVER (PARTITION BY member ORDER BY day), day) AS gap,
           min(age) OVER (PARTITION BY member) AS silence
    FROM visit
), raw AS (
    SELECT member,
        any_value(silence) AS recency_days,
        max(age) AS tenure_days,
        count(*) AS visits_total,
        count(*) FILTER (age <= 28) AS visits_28d,
        count(*) FILTER (age <= 91) AS visits_91d,
        count(*) FILTER (age <= 364) AS visits_364d,
        coalesce(sum(orders) FILTER (age <= 91), 0) AS orders_91d,
        monthly(14) * coalesce(sum(exp2(-age / 14)) FILTER (age <= 280), 0) AS visit_rate_14d,
        monthly(42) * coalesce(sum(exp2(-age / 42)) FILTER (age <= 840), 0) AS visit_rate_42d,
        monthly(126) * sum(exp2(-age / 126)) AS visit_rate_126d,
        monthly(378) * sum(exp2(-age / 378)) AS visit_rate_378d,
        max(gap) FILTER (age = silence) AS gap_last_days,
        avg(gap) AS gap_mean_days,
        stddev_pop(gap) AS gap_sd_days,
        median(gap) AS gap_median_days,
        quantile_cont(gap, 0.9) AS gap_p90_days,
        max(gap) AS gap_max_days,
        silence_ratio(silence, gap_median_days) AS silence_to_median_gap,
        silence_ratio(silence, gap_p90_days) AS silence_to_p90_gap,
        silence_ratio(silence, gap_max_days) AS silence_to_max_gap,
        count(*) FILTER (gap >= silence) AS longer_silences,
        count(*) FILTER (gap >= silence AND gap < silence + $horizon) AS comebacks,
        coalesce(sum(gross) FILTER (age <= 28), 0) AS spend_28d,
        coalesce(sum(gross) FILTER (age <= 91), 0) AS spend_91d,
        coalesce(sum(gross) FILTER (age <= 364), 0) AS spend_364d,
        monthly(42) * coalesce(sum(gross * exp2(-age / 42)) FILTER (age <= 840), 0) AS spend_rate_42d,
        monthly(126) * sum(gross * exp2(-age / 126)) AS spend_rate_126d,
        sum(gross) / sum(orders) AS spend_per_order,
        max(gross) FILTER (age = silence) AS spend_last_visit,
        sum(gross) AS spend_total,
        coalesce(sum(gross) FILTER (age <= 91), 0) AS tier_spend,
        coalesce(sum(gross) FILTER (age <= 91 - $horizon), 0) AS tier_carry
    FROM spaced GROUP BY member HAVING any_value(silence) <= 91
)
"""


def describe(path: str, cutoff: dt.date, horizon: int, reach: Sequence[float]) -> pd.DataFrame:
    """Frame by member, sorted, one column a feature; ``reach`` are the thresholds, that of the first tier being 0."""
    tier = " + ".join(f"CAST(round(tier_spend, 4) >= {threshold} AS INT)" for threshold in reach[1:])
    needs = "[" + ", ".join(f"greatest({threshold} - tier_carry, 0)" for threshold in reach) + "]"
    query = _QUERY
    for name in ("median", "p90", "max"):
        aggregate = {"median": "median(gap)", "p90": "quantile_cont(gap, 0.9)", "max": "max(gap)"}[name]
        query = query.replace(f"silence_ratio(silence, gap_{name}_days)", f"any_value(silence) / {aggregate}")
    query += f"""
    SELECT raw.* EXCLUDE (comebacks, spend_total),
        comebacks / nullif(longer_silences, 0) AS comeback_share,
        coalesce(returned, 0) / nullif(spend_total, 0) AS returned_share,
        visit_rate_42d / visit_rate_126d AS visits_trend,
        spend_rate_42d / nullif(spend_rate_126d, 0) AS spend_trend,
        {needs}[1 + {tier}] AS need_to_keep,
        CASE WHEN {tier} = {len(reach) - 1} THEN 0 ELSE {needs}[2 + {tier}] END AS need_to_rise
    FROM raw LEFT JOIN returned USING (member) ORDER BY member
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE MACRO monthly(half_life) AS 30 * (pow(2.0, 1.0 / half_life) - 1)")
        arguments = {"path": path, "cutoff": cutoff.isoformat(), "horizon": horizon}
        return connection.execute(query.replace("exp2(", "pow(2.0, "), arguments).df()
