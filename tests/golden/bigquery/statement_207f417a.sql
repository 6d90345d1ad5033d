-- table demo.app.item: id INT64, at TIMESTAMP, t STRING
CREATE OR REPLACE TABLE `demo.app.item`
(
  `id` INT64 NOT NULL,
  `at` TIMESTAMP,
  `t` STRING,
  PRIMARY KEY (`id`) NOT ENFORCED
)
CLUSTER BY `id`
OPTIONS (description = 'Kept equal to public.item by Plimsoll', labels = [('managed-by', 'plimsoll'), ('plimsoll-apply', 'append')]);
