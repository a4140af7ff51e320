SELECT
  "t1"."customer_id" AS "member",
  "t1"."day",
  COUNT(*) AS "lines",
  COUNT(DISTINCT "t1"."order") FILTER(WHERE
    "t1"."bought") AS "orders",
  COALESCE(MIN("t1"."minute") FILTER(WHERE
    "t1"."bought"), 0) AS "minute",
  COALESCE(SUM(ABS("t1"."units_amount")) FILTER(WHERE
    "t1"."bought"), 0) AS "gross",
  COALESCE(SUM(ABS("t1"."units_amount")) FILTER(WHERE
    NOT (
      "t1"."bought"
    )), 0) AS "returned",
  COALESCE(SUM(ABS("t1"."units_cost")) FILTER(WHERE
    "t1"."bought"), 0) AS "cost",
  COALESCE(SUM(ABS("t1"."units_cost")) FILTER(WHERE
    NOT (
      "t1"."bought"
    )), 0) AS "returned_cost",
  COALESCE(
    SUM(
      CASE
        WHEN "t1"."units_points" IS NULL
        THEN "t1"."units_points"
        ELSE GREATEST(0, "t1"."units_points")
      END
    ) FILTER(WHERE
      "t1"."bought"),
    0
  ) AS "points_earned",
  COALESCE(
    SUM(
      CASE
        WHEN -(
          "t1"."units_points"
        ) IS NULL
        THEN -(
          "t1"."units_points"
        )
        ELSE GREATEST(0, -(
          "t1"."units_points"
        ))
      END
    ) FILTER(WHERE
      "t1"."bought"),
    0
  ) AS "points_used",
  COALESCE(SUM(ABS("t1"."units_points")) FILTER(WHERE
    NOT (
      "t1"."bought"
    )), 0) AS "points_back"
FROM (
  SELECT
    "t0"."customer_id",
    "t0"."timestamp",
    "t0"."amount",
    "t0"."order_id",
    "t0"."cost",
    "t0"."points",
    CAST("t0"."timestamp" AS DATE) AS "day",
    COALESCE('o' || "t0"."order_id", 't' || CAST("t0"."timestamp" AS TEXT)) AS "order",
    (
      EXTRACT(hour FROM "t0"."timestamp") * 60
    ) + EXTRACT(minute FROM "t0"."timestamp") AS "minute",
    COALESCE("t0"."amount" >= 0, TRUE) AS "bought",
    COALESCE(CAST(FLOOR((
      "t0"."amount" * 10000
    ) + 0.5) AS BIGINT), 0) AS "units_amount",
    COALESCE(CAST(FLOOR((
      "t0"."cost" * 10000
    ) + 0.5) AS BIGINT), 0) AS "units_cost",
    COALESCE(CAST(FLOOR((
      "t0"."points" * 10000
    ) + 0.5) AS BIGINT), 0) AS "units_points"
  FROM "clean" AS "t0"
) AS "t1"
GROUP BY
  1,
  2
