-- table demo.app.base: id INT64, v STRING, s INT64
-- table demo.app_staging.base__RUN: _plimsoll_op STRING, id INT64, v STRING, s INT64
MERGE `demo.app.base` AS T
USING `demo.app_staging.base__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`, T.`s` = S.`s`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `s`) VALUES (S.`id`, S.`v`, S.`s`)
