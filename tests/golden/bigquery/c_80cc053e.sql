-- table demo.app.c: id INT64, valid_to TIMESTAMP
-- table demo.app_staging.c__RUN: _plimsoll_op STRING, id INT64, valid_to TIMESTAMP
MERGE `demo.app.c` AS T
USING `demo.app_staging.c__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`valid_to` IS DISTINCT FROM S.`valid_to`) THEN UPDATE SET T.`valid_to` = S.`valid_to`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `valid_to`) VALUES (S.`id`, S.`valid_to`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
