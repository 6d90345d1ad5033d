-- table demo.app.parts: id INT64, day DATE, v STRING, g STRING
-- table demo.app_staging.parts__RUN: _plimsoll_op STRING, id INT64, day DATE, v STRING, g STRING
MERGE `demo.app.parts` AS T
USING `demo.app_staging.parts__RUN` AS S
ON T.`id` = S.`id` AND T.`day` = S.`day` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`, T.`g` = S.`g`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `day`, `v`, `g`) VALUES (S.`id`, S.`day`, S.`v`, S.`g`)
