-- table demo.app.event: id INT64, seq INT64
-- table demo.app_staging.event__RUN: _plimsoll_op STRING, id INT64, seq INT64
MERGE `demo.app.event` AS T
USING `demo.app_staging.event__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`seq` = S.`seq`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `seq`) VALUES (S.`id`, S.`seq`)
