-- table demo.app.item: id INT64, a STRING, n NUMERIC, at TIMESTAMP, doc JSON
CREATE OR REPLACE TABLE `demo.app.item`
(
  `id` INT64 NOT NULL,
  `a` STRING,
  `n` NUMERIC,
  `at` TIMESTAMP,
  `doc` JSON,
  PRIMARY KEY (`id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`at`, MONTH)
CLUSTER BY `id`
OPTIONS (description = 'Kept equal to public.item by Plimsoll', labels = [('managed-by', 'plimsoll'), ('plimsoll-apply', 'append')]);
