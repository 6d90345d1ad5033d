-- table demo.app.item: id INT64, n BIGNUMERIC
CREATE OR REPLACE TABLE `demo.app.item`
(
  `id` INT64 NOT NULL,
  `n` BIGNUMERIC,
  PRIMARY KEY (`id`) NOT ENFORCED
)
CLUSTER BY `id`
OPTIONS (description = 'Kept equal to public.item by Plimsoll', labels = [('managed-by', 'plimsoll'), ('plimsoll-apply', 'append')]);
