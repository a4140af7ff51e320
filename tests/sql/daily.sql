SELECT
  *
FROM (
  SELECT
    "t1"."customer_id" AS "member",
    "t1"."day",
    COUNT(DISTINCT "t1"."order") FILTER(WHERE
      COALESCE("t1"."amount" >= 0, TRUE)) AS "orders",
    COALESCE(SUM("t1"."units") FILTER(WHERE
      COALESCE("t1"."amount" >= 0, TRUE)), 0) AS "gross",
    COALESCE(
      SUM(-(
        "t1"."units"
      )) FILTER(WHERE
        NOT (
          COALESCE("t1"."amount" >= 0, TRUE)
        )),
      0
    ) AS "returned"
  FROM (
    SELECT
      "t0"."customer_id",
      "t0"."timestamp",
      "t0"."amount",
      "t0"."order_id",
      CAST("t0"."timestamp" AS DATE) AS "day",
      COALESCE(CAST(FLOOR((
        "t0"."amount" * 10000
      ) + 0.5) AS BIGINT), 0) AS "units",
      COALESCE('o' || "t0"."order_id", 't' || CAST("t0"."timestamp" AS TEXT)) AS "order"
    FROM "clean" AS "t0"
  ) AS "t1"
  GROUP BY
    1,
    2
) AS "t2"
ORDER BY
  "t2"."member" ASC,
  "t2"."day" ASC
