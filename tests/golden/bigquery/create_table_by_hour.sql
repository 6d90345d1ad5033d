CREATE TABLE `my-project.app.orders`
(
  `id` INT64 NOT NULL,
  `größe` NUMERIC,
  `tags` ARRAY<STRING>,
  `at` TIMESTAMP,
  `is_deleted` BOOL,
  `deleted_at` TIMESTAMP,
  PRIMARY KEY (`id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`at`, HOUR)
CLUSTER BY `id`
OPTIONS (description = 'Kept equal to public.o\'rders by Plimsoll', labels = [('managed-by', 'plimsoll')]);