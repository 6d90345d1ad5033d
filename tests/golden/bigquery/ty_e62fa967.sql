-- table demo.app.ty: id INT64, v STRING, i INT64
-- table demo.app_staging.ty__RUN: _plimsoll_op STRING, id INT64, v STRING, i INT64
MERGE `demo.app.ty` AS T
USING `demo.app_staging.ty__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`, T.`i` = S.`i`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `i`) VALUES (S.`id`, S.`v`, S.`i`)
