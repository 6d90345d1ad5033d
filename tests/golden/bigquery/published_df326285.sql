-- table demo.app.published: id INT64, name STRING
-- table demo.app_staging.published__RUN: _plimsoll_op STRING, id INT64, name STRING
MERGE `demo.app.published` AS T
USING (SELECT * FROM `demo.app_staging.published__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `id`, `name`) = 1) AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`name` = S.`name`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `name`) VALUES (S.`id`, S.`name`)
