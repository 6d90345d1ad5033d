-- table demo.app.c5: id INT64, v STRING, upd DATETIME
-- table demo.app_staging.c5__RUN: _plimsoll_op STRING, id INT64, v STRING, upd DATETIME
MERGE `demo.app.c5` AS T
USING `demo.app_staging.c5__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`, T.`upd` = S.`upd`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `upd`) VALUES (S.`id`, S.`v`, S.`upd`)
