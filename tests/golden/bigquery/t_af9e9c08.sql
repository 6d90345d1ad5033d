-- table demo.app.t: id INT64, upd TIMESTAMP
-- table demo.app_staging.t__RUN: _plimsoll_op STRING, id INT64, upd TIMESTAMP
MERGE `demo.app.t` AS T
USING `demo.app_staging.t__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`upd` = S.`upd`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `upd`) VALUES (S.`id`, S.`upd`)
