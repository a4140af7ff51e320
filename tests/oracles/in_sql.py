"""Every feature of every member of Complete Journey that its log can feed, at a cutoff, as one query on the raw file.

Members with a purchase in the 91 days before the cutoff; the tier window is 91 days of gross spend.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb
import pandas as pd

_QUERY = """
WITH line AS (
    SELECT household_id AS member, CAST(transaction_timestamp AS DATE) AS day, basket_id, store_id, product_id,
           date_diff('day', CAST(transaction_timestamp AS DATE), CAST($cutoff AS DATE)) AS age,
           CAST(transaction_timestamp AS TIME) AS clock, quantity,
           CAST(sales_value AS DECIMAL(18, 4)) AS amount, CAST(abs(retail_disc) AS DECIMAL(18, 4)) AS discount,
           CAST(abs(coupon_disc) AS DECIMAL(18, 4)) AS coupon
    FROM read_parquet($path)
    WHERE CAST(transaction_timestamp AS TIMESTAMP) < CAST($cutoff AS TIMESTAMP)
), visit AS (
    SELECT member, day, any_value(age) AS age, count(DISTINCT basket_id) AS orders, min(clock) AS clock,
           CAST(sum(amount) AS DOUBLE) AS gross, CAST(sum(discount) AS DOUBLE) AS discount, max(coupon) AS coupon,
           sum(abs(quantity)) AS quantity
    FROM line WHERE amount >= 0 GROUP BY member, day
), returned AS (
    SELECT member, CAST(-sum(amount) AS DOUBLE) AS returned,
           coalesce(CAST(-sum(amount) FILTER (age <= 91) AS DOUBLE), 0) AS returned_91d,
           coalesce(CAST(-sum(amount) FILTER (age <= 364) AS DOUBLE), 0) AS returned_364d,
           count(DISTINCT day) FILTER (age <= 364) AS returns_364d
    FROM line WHERE amount < 0 GROUP BY member
), place AS (
    SELECT member, store_id, count(DISTINCT day) AS days FROM line WHERE amount >= 0 AND age <= 364 GROUP BY ALL
), mixed AS (
    SELECT member, count(*) AS store_count, max(days) / sum(days) AS store_top_share FROM place GROUP BY member
), bought AS (
    SELECT member, count(DISTINCT product_id) AS product_count FROM line WHERE amount >= 0 AND age <= 364 GROUP BY member
), weekly AS (
    SELECT member, max(share) AS weekday_top_share, -sum(share * ln(share)) AS weekday_entropy FROM (
        SELECT member, count(*) / sum(count(*)) OVER (PARTITION BY member) AS share
        FROM visit WHERE age <= 364 GROUP BY member, dayofweek(day)
    ) GROUP BY member
), spaced AS (
    SELECT *, date_diff('day', lag(day) OVER (PARTITION BY member ORDER BY day), day) AS gap,
           min(age) OVER (PARTITION BY member) AS silence, max(age) OVER (PARTITION BY member) AS tenure
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
        monthly(14) * coalesce(sum(exp2(-age / 14)), 0) AS visit_rate_14d,
        monthly(42) * coalesce(sum(exp2(-age / 42)), 0) AS visit_rate_42d,
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
        monthly(42) * coalesce(sum(gross * exp2(-age / 42)), 0) AS spend_rate_42d,
        monthly(126) * sum(gross * exp2(-age / 126)) AS spend_rate_126d,
        sum(gross) / sum(orders) AS spend_per_order,
        max(gross) FILTER (age = silence) AS spend_last_visit,
        sum(gross) AS spend_total,
        count(*) FILTER (age <= 182) AS visits_182d,
        sum(orders) / count(*) AS orders_per_visit,
        quantile_cont(gap, 0.25) AS gap_p25_days,
        quantile_cont(gap, 0.75) AS gap_p75_days,
        stddev_pop(gap) / avg(gap) AS gap_variation,
        max(gap) FILTER (age = silence) / median(gap) AS last_gap_to_median,
        max(gross) FILTER (age = tenure) AS spend_first_visit,
        count(*) FILTER (age <= 91) / nullif(count(*) FILTER (age > 91 AND age <= 182), 0) AS visits_halves_trend,
        coalesce(sum(gross) FILTER (age <= 91), 0) / nullif(sum(gross) FILTER (age > 91 AND age <= 182), 0)
            AS spend_halves_trend,
        max(gross) FILTER (age = silence) / nullif(avg(gross), 0) AS last_visit_to_mean,
        count(*) FILTER (age <= 364 AND dayofweek(day) IN (0, 6)) / visits_364d AS weekend_share,
        count(*) FILTER (age <= 364 AND clock >= TIME '18:00') / visits_364d AS evening_share,
        count(*) FILTER (age <= 364 AND dayofmonth(day) < 8) / visits_364d AS month_start_share,
        CASE WHEN max(age) > 364 THEN count(*) FILTER (age <= 364 AND age > 364 - $horizon) END AS season_visits,
        CASE WHEN max(age) > 364 THEN coalesce(sum(gross) FILTER (age <= 364 AND age > 364 - $horizon), 0) END
            AS season_spend,
        sum(discount) FILTER (age <= 364) / nullif(sum(gross + discount) FILTER (age <= 364), 0) AS discount_share,
        count(*) FILTER (age <= 364 AND discount > 0) / visits_364d AS discount_visit_share,
        count(*) FILTER (age <= 364 AND coupon > 0) / visits_364d AS coupon_visit_share,
        sum(quantity) FILTER (age <= 364) / sum(orders) FILTER (age <= 364) AS quantity_per_order,
        coalesce(sum(gross) FILTER (age <= 91), 0) AS tier_metric,
        coalesce(sum(gross) FILTER (age <= 91 - $horizon), 0) AS tier_carry
    FROM spaced GROUP BY member HAVING any_value(silence) <= 91
)
"""


def describe(path: str, cutoff: dt.date, horizon: int, reach: Sequence[float]) -> pd.DataFrame:
    """Frame by member, sorted, one column a feature; ``reach`` are the thresholds, that of the first tier being 0."""
    tier = " + ".join(f"CAST(round(tier_metric, 4) >= {threshold} AS INT)" for threshold in reach[1:])
    needs = "[" + ", ".join(f"greatest({threshold} - tier_carry, 0)" for threshold in reach) + "]"
    query = _QUERY
    for name in ("median", "p90", "max"):
        aggregate = {"median": "median(gap)", "p90": "quantile_cont(gap, 0.9)", "max": "max(gap)"}[name]
        query = query.replace(f"silence_ratio(silence, gap_{name}_days)", f"any_value(silence) / {aggregate}")
    query += f"""
    SELECT raw.* EXCLUDE (comebacks),
        spend_91d - coalesce(returned_91d, 0) AS net_spend_91d,
        spend_364d - coalesce(returned_364d, 0) AS net_spend_364d,
        coalesce(returns_364d, 0) AS returns_364d,
        store_count, store_top_share, product_count, weekday_top_share, weekday_entropy,
        {tier} AS tier,
        comebacks / nullif(longer_silences, 0) AS comeback_share,
        coalesce(returned, 0) / nullif(spend_total, 0) AS returned_share,
        visit_rate_42d / visit_rate_126d AS visits_trend,
        spend_rate_42d / nullif(spend_rate_126d, 0) AS spend_trend,
        {needs}[1 + {tier}] AS need_to_keep,
        CASE WHEN {tier} = {len(reach) - 1} THEN 0 ELSE {needs}[2 + {tier}] END AS need_to_rise
    FROM raw LEFT JOIN returned USING (member) JOIN mixed USING (member) JOIN bought USING (member)
        JOIN weekly USING (member) ORDER BY member
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE MACRO monthly(half_life) AS 30 * (pow(2.0, 1.0 / half_life) - 1)")
        arguments = {"path": path, "cutoff": cutoff.isoformat(), "horizon": horizon}
        return connection.execute(query.replace("exp2(", "pow(2.0, "), arguments).df()
