-- table demo.app.u: id STRING, v STRING, late STRING
-- table demo.app_staging.u__RUN: _plimsoll_op STRING, id STRING, v STRING, late STRING
MERGE `demo.app.u` AS T
USING `demo.app_staging.u__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`, T.`late` = S.`late`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `late`) VALUES (S.`id`, S.`v`, S.`late`)
