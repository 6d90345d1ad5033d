-- table demo.app.item: id NUMERIC, a STRING
CREATE OR REPLACE TABLE `demo.app.item`
(
  `id` NUMERIC NOT NULL,
  `a` STRING,
  PRIMARY KEY (`id`) NOT ENFORCED
)
CLUSTER BY `id`
OPTIONS (description = 'Kept equal to public.item by Plimsoll', labels = [('managed-by', 'plimsoll'), ('plimsoll-apply', 'append')]);
