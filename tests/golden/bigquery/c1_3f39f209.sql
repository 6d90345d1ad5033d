-- table demo.app.c1: id INT64, v STRING, upd INT64
-- table demo.app_staging.c1__RUN: _plimsoll_op STRING, id INT64, v STRING, upd INT64
MERGE `demo.app.c1` AS T
USING `demo.app_staging.c1__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`, T.`upd` = S.`upd`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `upd`) VALUES (S.`id`, S.`v`, S.`upd`)
