-- table demo.app.a: id INT64, v STRING
-- table demo.app_staging.a__RUN: _plimsoll_op STRING, id INT64, v STRING
MERGE `demo.app.a` AS T
USING (SELECT * FROM `demo.app_staging.a__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `id`, `v`) = 1) AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`) VALUES (S.`id`, S.`v`)
