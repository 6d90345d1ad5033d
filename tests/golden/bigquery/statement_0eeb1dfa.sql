-- table demo.app.item: id INT64, a STRING, n NUMERIC, at TIMESTAMP, doc JSON, extra INT64
CREATE OR REPLACE TABLE `demo.app.item`
(
  `id` INT64 NOT NULL,
  `n` NUMERIC,
  `at` TIMESTAMP,
  `doc` JSON,
  `extra` INT64,
  PRIMARY KEY (`id`) NOT ENFORCED
)
CLUSTER BY `id`
OPTIONS (description = 'Kept equal to public.item by Plimsoll', labels = [('managed-by', 'plimsoll'), ('plimsoll-apply', 'append')]);
