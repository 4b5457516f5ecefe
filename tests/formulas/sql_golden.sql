-- 3 features of loans at a cutoff, in the dialect of duckdb.
-- Observations: observations (loan_id, cutoff time).
-- Tables:
-- loans (key: loan_id, customer_id; time: reported, opened, settled; number: amount; category: purpose)
-- customers (key: customer_id; number: income)
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
-- customers as formulas read it: special codes and infinities are missing
read_customers AS (
  SELECT
    t.customer_id,
    CASE WHEN ABS(CAST(t.income AS DOUBLE)) < CAST('Infinity' AS DOUBLE) AND NOT CAST(t.income AS DOUBLE) IN (-9) THEN CAST(t.income AS DOUBLE) END AS income
  FROM customers AS t
),
-- What was known of each observation's row and its parents at the cutoff
observed AS (
  SELECT
    o.loan_id AS loan_id,
    CAST(o.cutoff AS TIMESTAMP) AS cutoff,
    CASE WHEN own_row.reported <= CAST(o.cutoff AS TIMESTAMP) THEN own_row.customer_id END AS customer_id,
    CASE WHEN own_row.reported <= CAST(o.cutoff AS TIMESTAMP) THEN customer_id_row.income END AS customer_id_income
  FROM observations AS o
  LEFT JOIN read_loans AS own_row ON own_row.loan_id = o.loan_id
  LEFT JOIN read_customers AS customer_id_row ON customer_id_row.customer_id = own_row.customer_id
),
-- The rows of loans that each observation may see: happened and known before the cutoff
loans_of_customer_id AS (
  SELECT
    asked.customer_id,
    asked.cutoff,
    b.amount AS amount,
    b.opened >= asked.cutoff - INTERVAL '90' DAY AS in_last_90d,
    b.purpose = 'car' AS condition_1,
    CASE WHEN b.settled < asked.cutoff THEN b.settled END IS NULL AS condition_2,
    b.purpose AS purpose,
    ROW_NUMBER() OVER (PARTITION BY asked.customer_id, asked.cutoff ORDER BY b.opened, b.reported, b.loan_id) AS place_in_time,
    b.opened >= asked.cutoff + INTERVAL '-1' YEAR AS in_last_1y
  FROM (SELECT DISTINCT customer_id, cutoff FROM observed) AS asked
  JOIN read_loans AS b ON b.customer_id = asked.customer_id
  WHERE
    b.opened < asked.cutoff
    AND b.reported < asked.cutoff
),
-- Aggregates of the rows of loans
loans_by_customer_id AS (
  SELECT
    customer_id,
    cutoff,
    SUM(amount) FILTER(WHERE in_last_90d AND condition_1) AS sum_amount_90d,
    SUM(amount) FILTER(WHERE condition_2) AS sum_amount
  FROM loans_of_customer_id
  GROUP BY customer_id, cutoff
),
-- The most frequent value; of equally frequent ones the last seen
mode_of_loans AS (
  SELECT
    customer_id,
    cutoff,
    value AS mode
  FROM (
    SELECT
      customer_id,
      cutoff,
      purpose AS value,
      ROW_NUMBER() OVER (PARTITION BY customer_id, cutoff ORDER BY COUNT(*) DESC, MAX(place_in_time) DESC) AS best
    FROM loans_of_customer_id
    WHERE purpose IS NOT NULL AND in_last_1y
    GROUP BY customer_id, cutoff, purpose
  ) AS values_seen
  WHERE best = 1
)
SELECT
  o.loan_id,
  o.cutoff,
  -- total amount of earlier car loans in the last 90 days: sum(loans.amount, where=purpose == "car", last="90d")
  COALESCE(a1.sum_amount_90d, 0) AS car_loans,
  -- ratio of (total amount of earlier loans where settled is missing) to customers' income: sum(loans.amount, where=is_missing(settled)) / customers.income
  COALESCE(a1.sum_amount, 0) / NULLIF(o.customer_id_income, 0) AS open_to_income,
  -- most frequent purpose of earlier loans in the last year: mode(loans.purpose, last="1y")
  a1_1.mode AS usual_purpose
FROM observed AS o
LEFT JOIN loans_by_customer_id AS a1 ON a1.customer_id = o.customer_id AND a1.cutoff = o.cutoff
LEFT JOIN mode_of_loans AS a1_1 ON a1_1.customer_id = o.customer_id AND a1_1.cutoff = o.cutoff
