-- 6 features of loans at a cutoff, in the dialect of duckdb.
-- Observations: observations (loan_id, cutoff time).
-- Tables:
-- loans (key: loan_id, customer_id; time: reported, opened, settled; number: amount; category: purpose)
-- visits (time: day; key: customer_id)
WITH
-- loans as formulas read it: special codes and infinities are missing
read_loans AS (
  SELECT
    t.loan_id,
    CAST(t.reported AS TIMESTAMP) AS reported,
    t.customer_id,
    CAST(t.opened AS TIMESTAMP) AS opened,
    CASE WHEN ABS(CAST(t.amount AS DOUBLE)) < CAST('Infinity' AS DOUBLE) THEN CAST(t.amount AS DOUBLE) END AS amount,
    CAST(t.purpose AS TEXT) AS purpose,
    CAST(t.settled AS TIMESTAMP) AS settled
  FROM loans AS t
),
-- visits as formulas read it: special codes and infinities are missing
read_visits AS (
  SELECT
    CAST(t.day AS TIMESTAMP) AS day,
    t.customer_id
  FROM visits AS t
),
-- What was known of each observation's row and its parents at the cutoff
observed AS (
  SELECT
    o.loan_id AS loan_id,
    CAST(o.cutoff AS TIMESTAMP) AS cutoff,
    CASE WHEN own_row.reported <= CAST(o.cutoff AS TIMESTAMP) THEN own_row.customer_id END AS customer_id,
    CASE WHEN own_row.reported <= CAST(o.cutoff AS TIMESTAMP) THEN own_row.amount END AS amount,
    CASE WHEN own_row.reported <= CAST(o.cutoff AS TIMESTAMP) THEN own_row.purpose END AS purpose
  FROM observations AS o
  LEFT JOIN read_loans AS own_row ON own_row.loan_id = o.loan_id
),
-- The rows of loans that each observation may see: happened and known before the cutoff
loans_of_customer_id AS (
  SELECT
    asked.customer_id,
    asked.cutoff,
    b.customer_id AS customer_id_2,
    b.opened >= asked.cutoff + INTERVAL '-1' YEAR AS in_last_1y,
    b.amount AS amount,
    b.purpose AS purpose,
    CASE WHEN b.settled < asked.cutoff THEN b.settled END > asked.cutoff AS condition_1
  FROM (SELECT DISTINCT customer_id, cutoff FROM observed) AS asked
  JOIN read_loans AS b ON b.customer_id = asked.customer_id
  WHERE
    b.opened < asked.cutoff
    AND b.reported < asked.cutoff
),
-- The rows of visits that belong to each row of loans, seen from its observation
visits_of_customer_id_2 AS (
  SELECT
    asked.customer_id_2,
    asked.cutoff
  FROM (SELECT DISTINCT customer_id_2, cutoff FROM loans_of_customer_id) AS asked
  JOIN read_visits AS b ON b.customer_id = asked.customer_id_2
  WHERE
    b.day < asked.cutoff
),
-- Aggregates of the rows of visits
visits_by_customer_id_2 AS (
  SELECT
    customer_id_2,
    cutoff,
    COUNT(*) AS count
  FROM visits_of_customer_id_2
  GROUP BY customer_id_2, cutoff
),
-- Aggregates of the rows of loans that one observation sees and that share purpose
loans_by_purpose AS (
  SELECT
    customer_id,
    cutoff,
    purpose,
    AVG(amount) AS mean_amount
  FROM loans_of_customer_id
  GROUP BY customer_id, cutoff, purpose
),
-- The same rows of loans, with what was aggregated for each of them
loans_of_customer_id_2 AS (
  SELECT
    r.*,
    CAST(COALESCE(a2.count, 0) AS DOUBLE) AS value_1,
    r.amount / NULLIF(a3.mean_amount, 0) AS value_2
  FROM loans_of_customer_id AS r
  LEFT JOIN visits_by_customer_id_2 AS a2 ON a2.customer_id_2 = r.customer_id_2 AND a2.cutoff = r.cutoff
  LEFT JOIN loans_by_purpose AS a3 ON a3.customer_id = r.customer_id AND a3.cutoff = r.cutoff AND a3.purpose = r.purpose
),
-- Aggregates of the rows of loans
loans_by_customer_id AS (
  SELECT
    customer_id,
    cutoff,
    AVG(value_1) FILTER(WHERE in_last_1y) AS mean_1y,
    MAX(value_2) AS max
  FROM loans_of_customer_id_2
  GROUP BY customer_id, cutoff
),
-- The peers of each observation in loans: happened and known before the cutoff
loans_of_purpose AS (
  SELECT
    asked.purpose,
    asked.cutoff,
    b.amount AS amount
  FROM read_loans AS b
  JOIN (SELECT DISTINCT purpose, cutoff FROM observed) AS asked ON b.purpose = asked.purpose
  WHERE
    b.opened < asked.cutoff
    AND b.reported < asked.cutoff
),
-- Aggregates of the rows of loans
loans_by_purpose_2 AS (
  SELECT
    purpose,
    cutoff,
    AVG(amount) AS mean_amount
  FROM loans_of_purpose
  GROUP BY purpose, cutoff
),
-- Aggregates of the rows of loans
loans_by_customer_id_2 AS (
  SELECT
    customer_id,
    cutoff,
    COUNT(*) FILTER(WHERE condition_1) AS count
  FROM loans_of_customer_id
  GROUP BY customer_id, cutoff
),
-- The rows of visits that each observation may see: happened and known before the cutoff
visits_of_customer_id AS (
  SELECT
    asked.customer_id,
    asked.cutoff,
    b.day AS day
  FROM (SELECT DISTINCT customer_id, cutoff FROM observed) AS asked
  JOIN read_visits AS b ON b.customer_id = asked.customer_id
  WHERE
    b.day < asked.cutoff
),
-- Most rows within any 7 days
burst_of_visits AS (
  SELECT
    customer_id,
    cutoff,
    MAX(so_many) AS most
  FROM (
    SELECT
      customer_id,
      cutoff,
      COUNT(*) OVER (PARTITION BY customer_id, cutoff ORDER BY day RANGE BETWEEN CURRENT ROW AND INTERVAL '604799999999' MICROSECOND FOLLOWING) AS so_many
    FROM visits_of_customer_id
  ) AS bursts
  GROUP BY customer_id, cutoff
),
-- Of the training observations, as they were when the features were fitted: mean(amount, by=purpose)
fitted_1 AS (
  SELECT
    CAST(t.by_1 AS TEXT) AS by_1,
    CAST(t.value AS DOUBLE) AS value
  FROM (VALUES
    ('car', '0.1'),
    ('it''s', NULL)
  ) AS t(by_1, value)
)
SELECT
  o.loan_id,
  o.cutoff,
  -- average (number of visits) over earlier loans in the last year: mean(count(visits), over=loans, last="1y", via="customer_id")
  a1.mean_1y AS visits_per_loan,
  -- highest (ratio of amount to average amount of loans with the same purpose) over earlier loans: max(loans.amount / mean(loans.amount, by=purpose))
  a1.max AS to_siblings,
  -- ratio of amount to average amount of earlier loans with the same purpose: amount / mean(amount, by=purpose, among="as_of")
  o.amount / NULLIF(a4.mean_amount, 0) AS to_peers,
  -- ratio of amount to average amount of training loans with the same purpose: amount / mean(amount, by=purpose)
  o.amount / NULLIF(g1.value, 0) AS to_training,
  -- number of earlier loans where settled is after the cutoff: count(loans, where=settled > cutoff)
  COALESCE(a5.count, 0) AS ahead,
  -- most visits within any 7 days: burst(visits, within="7d")
  COALESCE(a6_1.most, 0) AS busiest_week
FROM observed AS o
LEFT JOIN loans_by_customer_id AS a1 ON a1.customer_id = o.customer_id AND a1.cutoff = o.cutoff
LEFT JOIN loans_by_purpose_2 AS a4 ON a4.purpose = o.purpose AND a4.cutoff = o.cutoff
LEFT JOIN loans_by_customer_id_2 AS a5 ON a5.customer_id = o.customer_id AND a5.cutoff = o.cutoff
LEFT JOIN burst_of_visits AS a6_1 ON a6_1.customer_id = o.customer_id AND a6_1.cutoff = o.cutoff
LEFT JOIN fitted_1 AS g1 ON g1.by_1 = o.purpose
