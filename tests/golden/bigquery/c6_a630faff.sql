-- table demo.app.c6: id INT64, v STRING, upd DATE
-- table demo.app_staging.c6__RUN: _plimsoll_op STRING, id INT64, v STRING, upd DATE
MERGE `demo.app.c6` AS T
USING `demo.app_staging.c6__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`, T.`upd` = S.`upd`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `upd`) VALUES (S.`id`, S.`v`, S.`upd`)
