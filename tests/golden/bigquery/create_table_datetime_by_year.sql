CREATE TABLE `my-project.app.orders`
(
  `id` INT64 NOT NULL,
  `at` DATETIME,
  `is_deleted` BOOL,
  `deleted_at` TIMESTAMP,
  PRIMARY KEY (`id`) NOT ENFORCED
)
PARTITION BY DATETIME_TRUNC(`at`, YEAR)
CLUSTER BY `id`
OPTIONS (description = 'Kept equal to public.o\'rders by Plimsoll', labels = [('managed-by', 'plimsoll')]);